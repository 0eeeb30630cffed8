"""Graph's subscriptions on a mailbox's events. ("subscription resource type")"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from shared.errors import GraphNotFound, GraphUnavailable
from shared.graph.client import HANDSHAKE_SECONDS, GraphClient

CHANGE_TYPE = "created,updated,deleted"
IMMUTABLE_IDS = 'IdType="ImmutableId"'


@dataclass(frozen=True, slots=True)
class Subscription:
    """What we need of Graph's object: its id, what it watches, where it posts, and when it ends (UTC)."""

    id: str
    resource: str
    notification_url: str
    expires: datetime


def resource_of(mailbox: str) -> str:
    """Return the resource of a mailbox's events, as it stands in a subscription."""
    return f"users/{quote(mailbox, safe='@')}/events"


class Subscriptions:
    """Creates, renews, lists and deletes subscriptions; needs Calendars.Read. Every method raises GraphError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def create(
        self, mailbox: str, notification_url: str, lifecycle_url: str, client_state: str, expires: datetime
    ) -> Subscription:
        """Create one with immutable ids ("Create subscription"). Graph validates both URLs before it answers."""
        body = {
            "changeType": CHANGE_TYPE,
            "resource": resource_of(mailbox),
            "notificationUrl": notification_url,
            "lifecycleNotificationUrl": lifecycle_url,
            "clientState": client_state,
            "expirationDateTime": _written(expires),
        }
        answer = self._graph.call(
            "POST", "/subscriptions", body=body, prefer=IMMUTABLE_IDS, read_seconds=HANDSHAKE_SECONDS
        )
        return _subscription(answer)

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Move the end ("Update subscription"). This PATCH also reauthorizes, so /reauthorize is never called."""
        body = {"expirationDateTime": _written(expires)}
        return _subscription(self._graph.call("PATCH", f"/subscriptions/{quote(subscription_id, safe='')}", body=body))

    def delete(self, subscription_id: str) -> None:
        """Delete it ("Delete subscription"); one that is gone already is as good."""
        try:
            self._graph.call("DELETE", f"/subscriptions/{quote(subscription_id, safe='')}")
        except GraphNotFound:
            return

    def list(self) -> Iterator[Subscription]:
        """Yield all subscriptions of this app ("List subscriptions")."""
        for item in self._graph.pages("/subscriptions", {}):
            yield _subscription(item)


def _subscription(answer: dict[str, Any]) -> Subscription:
    try:
        expires = datetime.fromisoformat(answer["expirationDateTime"])
        return Subscription(answer["id"], answer["resource"], answer["notificationUrl"], expires.astimezone(UTC))
    except (KeyError, TypeError, ValueError):
        raise GraphUnavailable(200, "UnreadableSubscription") from None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
