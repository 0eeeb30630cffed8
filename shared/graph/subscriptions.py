"""Graph's subscriptions on a mailbox's events. ("subscription resource type")"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote, unquote

from shared.errors import GraphNotFound, GraphUnavailable
from shared.graph.client import WRITE_SECONDS, GraphClient
from shared.graph.rate_limit import RateLimiter
from shared.utc import format_utc

CHANGE_TYPE = "created,updated,deleted"
THROTTLED_SECONDS = 300.0  # pause after a 429 for a rate without Retry-After
PAGE_SECONDS = 120.0  # for one page of the list
IMMUTABLE_IDS = 'IdType="ImmutableId"'
_STEP = re.compile(r"users/([^/]+)/events", re.IGNORECASE)
_KEY = re.compile(r"users\('(.+)'\)/events", re.IGNORECASE)
_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_logger = logging.getLogger("relay.subscriptions")


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
    """Return the mailbox (address or object id) whose events a resource names, in lower case; None for any other.

    Graph also writes `Users('…')`, escapes characters, and varies the case and the slashes at both ends.
    """
    path = resource.strip("/")
    if step := _STEP.fullmatch(path):
        return unquote(step[1]).lower()
    key = _KEY.fullmatch(unquote(path))
    return key[1].replace("''", "'").lower() if key else None  # OData doubles an apostrophe within quotes


def object_id_of(resource: str) -> str:
    """Return the mailbox's object id, if a resource names the mailbox by it; else ""."""
    name = mailbox_of(resource) or ""
    return name if _OBJECT_ID.fullmatch(name) else ""


class DeleteReason(StrEnum):
    """Why a subscription is deleted. Nothing else is a reason, in particular not that no row names it."""

    TOMBSTONE = "tombstone"  # its watch was deleted by the partner, or its room left the room list
    TWIN = "twin"  # another subscription of the mailbox answered just now, and the row names that one
    FORBIDDEN = "forbidden"  # the administrator's settings do not allow the watch
    REPLACED = "replaced"  # it sends no notifications, or cannot be changed as needed, and gets a successor


class Subscriptions:
    """Creates, reads, changes, lists and deletes subscriptions; needs Calendars.Read. Every method raises GraphError.

    Writes are limited by `writes`, reads by id by `reads` (without it, by `writes`), pages of the list by `lists`. A
    429 for a rate holds back all calls of its kind. A quota of one mailbox (GraphQuotaExceeded) holds back none.
    """

    def __init__(
        self, graph: GraphClient, writes: RateLimiter, lists: RateLimiter, reads: RateLimiter | None = None
    ) -> None:
        self._graph = graph
        self._writes = writes
        self._lists = lists
        self._reads = reads or writes

    def wait_for_rate(self) -> None:
        """Wait until a subscription may be created. Call it before a row is claimed, so that no claim expires here.

        Raises ServiceUnavailable or ConfigurationError while login gives no token: then no row is claimed in vain.
        """
        self._graph.require_token()
        self._writes.wait()

    def create(
        self, mailbox: str, notification_url: str, lifecycle_url: str, client_state: str, expires: datetime
    ) -> Subscription:
        """Create a subscription with immutable ids ("Create subscription"). Graph validates both URLs first.

        The caller has called `wait_for_rate`. After GraphUnavailable, except 429, the subscription may exist.
        """
        body = {
            "changeType": CHANGE_TYPE,
            "resource": resource_of(mailbox),
            "notificationUrl": notification_url,
            "lifecycleNotificationUrl": lifecycle_url,
            "clientState": client_state,
            "expirationDateTime": format_utc(expires),
        }
        return _subscription(self._call(self._writes, "POST", "", body=body, prefer=IMMUTABLE_IDS))

    def get(self, subscription_id: str) -> Subscription:
        """Return a subscription ("Get subscription")."""
        self._reads.wait()
        return _subscription(self._call(self._reads, "GET", subscription_id))

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Extend a subscription ("Update subscription"). This PATCH also reauthorizes: /reauthorize is not needed."""
        return self._changed(subscription_id, {"expirationDateTime": format_utc(expires)})

    def change_address(self, subscription_id: str, notification_url: str, expires: datetime) -> Subscription:
        """Change the notificationUrl and extend a subscription ("Update subscription").

        The lifecycleNotificationUrl cannot be changed. Whether Graph validates the new URL is not documented.
        """
        changes = {"notificationUrl": notification_url, "expirationDateTime": format_utc(expires)}
        return self._changed(subscription_id, changes)

    def delete(self, subscription_id: str, reason: DeleteReason) -> None:
        """Delete a subscription and log why ("Delete subscription"). Deleting one that does not exist is a no-op."""
        self._writes.wait()
        _logger.info("Deleting subscription %s: %s", subscription_id, reason)
        with suppress(GraphNotFound):
            self._call(self._writes, "DELETE", subscription_id)

    def list(self) -> Iterator[Subscription]:
        """Yield all subscriptions of this app ("List subscriptions"). It may be incomplete: it proves no absence.

        A page that Graph throttles or does not answer is read again for PAGE_SECONDS, or until the thread's deadline
        (`within`), which a caller that must answer sooner sets.
        """
        for item in self._graph.pages("/subscriptions", {}, read=lambda page: self._lists.repeated(page, PAGE_SECONDS)):
            yield _subscription(item)

    def _changed(self, subscription_id: str, changes: dict[str, Any]) -> Subscription:
        self._writes.wait()
        return _subscription(self._call(self._writes, "PATCH", subscription_id, body=changes))

    def _call(self, limiter: RateLimiter, method: str, subscription_id: str, **call: Any) -> dict[str, Any]:
        path = f"/subscriptions/{quote(subscription_id, safe='')}".rstrip("/")
        if method != "GET":
            call["read_seconds"] = WRITE_SECONDS
        try:
            return self._graph.call(method, path, **call)
        except GraphUnavailable as error:
            if error.is_rate:
                limiter.pause(THROTTLED_SECONDS if error.retry_after is None else error.retry_after)
            raise


def _subscription(answer: dict[str, Any]) -> Subscription:
    """Return the subscription in a response. Raises GraphUnavailable if it cannot be read: the outcome is unknown."""
    try:
        expires = datetime.fromisoformat(answer["expirationDateTime"])
    except (KeyError, TypeError, ValueError):
        raise GraphUnavailable(200, "UnreadableSubscription") from None
    names = ("id", "resource", "notificationUrl", "lifecycleNotificationUrl")
    subscription_id, resource, url, lifecycle = (str(answer.get(name) or "") for name in names)
    if not subscription_id or not resource:
        raise GraphUnavailable(200, "UnreadableSubscription")
    expires = expires.astimezone(UTC) if expires.tzinfo else expires.replace(tzinfo=UTC)
    return Subscription(subscription_id, resource, url, lifecycle, expires)
