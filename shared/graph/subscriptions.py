"""Graph's subscriptions on a mailbox's events. ("subscription resource type")"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from shared.errors import GraphNotFound, GraphUnavailable
from shared.graph.client import HANDSHAKE_SECONDS, GraphClient
from shared.graph.rate_limit import RateLimiter
from shared.utc import format_utc

CHANGE_TYPE = "created,updated,deleted"
THROTTLED_SECONDS = 10.0  # pause of writes after a 429 without Retry-After
IMMUTABLE_IDS = 'IdType="ImmutableId"'


@dataclass(frozen=True, slots=True)
class Subscription:
    """The properties of Graph's subscription that the relay needs; `expires` is in UTC.

    clientState is missing, because Graph does not return it in lists.
    """

    id: str
    resource: str
    notification_url: str
    lifecycle_url: str
    expires: datetime


def resource_of(mailbox: str) -> str:
    """Return the resource of a mailbox's events, as written in a subscription."""
    return f"users/{quote(mailbox, safe='@')}/events"


def mailbox_of(resource: str) -> str | None:
    """Return the mailbox (address or object id) whose events a resource names, in lower case; None for any other."""
    first, _, rest = resource.strip("/").partition("/")
    mailbox, _, last = rest.partition("/")
    named = (first.lower(), last.lower()) == ("users", "events") and mailbox
    return unquote(mailbox).lower() if named else None


class Subscriptions:
    """Creates, renews, lists and deletes subscriptions; needs Calendars.Read. Every method raises GraphError.

    Writes are limited by `writes`, pages of the list by `lists`.
    """

    def __init__(self, graph: GraphClient, writes: RateLimiter, lists: RateLimiter) -> None:
        self._graph = graph
        self._writes = writes
        self._lists = lists

    def create(
        self, mailbox: str, notification_url: str, lifecycle_url: str, client_state: str, expires: datetime
    ) -> Subscription:
        """Create a subscription with immutable ids ("Create subscription"). Graph validates both URLs first."""
        body = {
            "changeType": CHANGE_TYPE,
            "resource": resource_of(mailbox),
            "notificationUrl": notification_url,
            "lifecycleNotificationUrl": lifecycle_url,
            "clientState": client_state,
            "expirationDateTime": format_utc(expires),
        }
        return _subscription(self._write("POST", "", body=body, prefer=IMMUTABLE_IDS, read_seconds=HANDSHAKE_SECONDS))

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Extend a subscription ("Update subscription"). This PATCH also reauthorizes: /reauthorize is not needed."""
        body = {"expirationDateTime": format_utc(expires)}
        return _subscription(self._write("PATCH", subscription_id, body=body))

    def delete(self, subscription_id: str) -> None:
        """Delete a subscription ("Delete subscription"). Deleting one that no longer exists is a no-op."""
        try:
            self._write("DELETE", subscription_id)
        except GraphNotFound:
            return

    def list(self) -> Iterator[Subscription]:
        """Yield all subscriptions of this app ("List subscriptions")."""
        for item in self._graph.pages("/subscriptions", {}, before_page=self._lists.wait):
            yield _subscription(item)

    def _write(self, method: str, subscription_id: str, **call: Any) -> dict[str, Any]:
        path = f"/subscriptions/{quote(subscription_id, safe='')}".rstrip("/")
        self._writes.wait()
        try:
            return self._graph.call(method, path, **call)
        except GraphUnavailable as error:
            if error.status == 429:
                self._writes.pause(error.retry_after if error.retry_after is not None else THROTTLED_SECONDS)
            raise


def _subscription(answer: dict[str, Any]) -> Subscription:
    try:
        expires = datetime.fromisoformat(answer["expirationDateTime"])
        lifecycle = answer.get("lifecycleNotificationUrl") or ""
        urls = (answer["notificationUrl"], lifecycle)
        return Subscription(answer["id"], answer["resource"], *urls, expires.astimezone(UTC))
    except (KeyError, TypeError, ValueError):
        raise GraphUnavailable(200, "UnreadableSubscription") from None
