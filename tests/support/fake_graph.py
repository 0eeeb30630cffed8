"""Graph in memory: events, subscriptions and room lists."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphConflict, GraphNotFound, GraphRejected
from shared.graph.events import Events
from shared.graph.rooms import Rooms
from shared.graph.subscriptions import DeleteReason, Subscription, Subscriptions, mailbox_of, resource_of


class FakeEvents(Events):
    """Graph's calendar: an event or an error by id. `during` runs inside a read."""

    def __init__(self) -> None:
        self.by_id: dict[str, dict[str, Any] | Exception] = {}
        self.of_master: dict[str, list[dict[str, Any]]] = {}
        self.deleted_items: set[str] = set()
        self.instants: dict[str, tuple[datetime, datetime]] = {}  # of all-day events, by which a view finds them
        self.owners: dict[str, str | Exception] = {}  # by address or object id
        self.owner_reads: list[str] = []
        self.missing: set[str] = set()  # addresses and object ids without a mailbox
        self.view_failure: Exception | None = None
        self.reads: list[str] = []
        self.expanded_from: list[datetime] = []  # of each listing of a series
        self.during: Callable[[str], None] = lambda _: None
        self._lock = threading.Lock()
        self.at_once = self.most_at_once = 0

    def get(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Read an event."""
        self._check(mailbox)
        with self._lock:
            self.reads.append(event_id)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            event = self.by_id.get(event_id, GraphNotFound(404, "ErrorItemNotFound"))
            self.during(event_id)
        finally:
            with self._lock:
                self.at_once -= 1
        if isinstance(event, Exception):
            raise event
        return event

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the events on the calendar; deleted items can only be read by their ids."""
        self._check(mailbox)
        _check_range(start, end)
        if self.view_failure:
            raise self.view_failure
        events = (event for event in self.by_id.values() if isinstance(event, dict))
        for event in events:
            first, last = self.instants.get(event["id"], (start, end))
            if event["id"] not in self.deleted_items and first <= end and last >= start:
                yield event

    def instances(self, mailbox: str, master_id: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the occurrences of a series."""
        self._check(mailbox)
        _check_range(start, end)
        self.expanded_from.append(start)
        yield from self.of_master.get(master_id, [])

    def owner(self, mailbox: str) -> str:
        """Return the address of a calendar's owner."""
        self.owner_reads.append(mailbox)
        self._check(mailbox)
        owner = self.owners.get(mailbox, mailbox)
        if isinstance(owner, Exception):
            raise owner
        return owner

    def _check(self, mailbox: str) -> None:
        if mailbox in self.missing:
            raise GraphNotFound(404, "ErrorInvalidUser")


def _check_range(start: datetime, end: datetime) -> None:
    """Refuse a range that Graph refuses ("List calendarView"; microsoft-graph-docs issue 6284)."""
    if end - start > timedelta(days=1_825):
        raise GraphRejected(400, "ErrorInvalidRequest")


class FakeSubscriptions(Subscriptions):
    """Graph's subscriptions of this app: 409 for a second one, 404 for a deleted one.

    Each call first raises the next of `failures`, if it is an error. `during_create` runs before a creation,
    `during_renew` before a renewal; `after_create`, `after_renew` and `after_delete` run after them. `deletions` are
    the ids that were to be deleted, with the reasons; `waits` counts the waits for the rate limit before creations.
    """

    def __init__(self) -> None:
        self.existing: dict[str, Subscription] = {}
        self.states: dict[str, str] = {}
        self.calls: list[str] = []
        self.deletions: list[tuple[str, DeleteReason]] = []
        self.missing: set[str] = set()  # addresses and object ids without a mailbox
        self.waits = 0
        self.failures: list[Exception | None] = []
        self.during_create: Callable[[], None] = lambda: None
        self.after_create: Callable[[], None] = lambda: None
        self.during_renew: Callable[[], None] = lambda: None
        self.after_renew: Callable[[], None] = lambda: None
        self.after_delete: Callable[[], None] = lambda: None
        self._ids = itertools.count(1)

    def wait_for_rate(self) -> None:
        """Count a wait for the rate limit of writes."""
        self.waits += 1

    def create(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime) -> Subscription:
        """Create a subscription as Graph does."""
        self._called("create")
        self.during_create()
        if mailbox in self.missing:
            raise GraphNotFound(404, "ResourceNotFound")
        same = (each.id for each in self.existing.values() if mailbox_of(each.resource) == mailbox.lower())
        if existing_id := next(same, ""):
            raise GraphConflict(409, "ObjectIdentifierInUse", existing_id=existing_id)
        created = Subscription(f"s-{next(self._ids)}", resource_of(mailbox), url, lifecycle, expires)
        self.existing[created.id], self.states[created.id] = created, state
        self.after_create()
        return created

    def get(self, subscription_id: str) -> Subscription:
        """Read a subscription."""
        self._called("get")
        return self._existing(subscription_id)

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Move the expiry."""
        self.during_renew()
        self._called("renew")
        renewed = self.existing[subscription_id] = replace(self._existing(subscription_id), expires=expires)
        self.after_renew()
        return renewed

    def change_address(self, subscription_id: str, url: str, expires: datetime) -> Subscription:
        """Change the notificationUrl and move the expiry."""
        self._called("address")
        changed = replace(self._existing(subscription_id), notification_url=url, expires=expires)
        self.existing[subscription_id] = changed
        return changed

    def delete(self, subscription_id: str, reason: DeleteReason) -> None:
        """Delete a subscription; a no-op for one that does not exist."""
        self._called("delete")
        self.deletions.append((subscription_id, reason))
        self.existing.pop(subscription_id, None)
        self.after_delete()

    def list(self) -> Iterator[Subscription]:
        """List all subscriptions."""
        self._called("list")
        return iter([*self.existing.values()])

    def _called(self, name: str) -> None:
        self.calls.append(name)
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure

    def _existing(self, subscription_id: str) -> Subscription:
        if subscription_id not in self.existing:
            raise GraphNotFound(404, "ResourceNotFound")
        return self.existing[subscription_id]


class FakeRooms(Rooms):
    """Graph's room lists: rooms or an error by the list's address; 404 for an unknown list."""

    def __init__(self) -> None:
        self.by_list: dict[str, list[str] | Exception] = {}
        self.reads: list[str] = []

    def of_list(self, address: str) -> Iterator[str]:
        """List the rooms."""
        self.reads.append(address)
        rooms = self.by_list.get(address, GraphNotFound(404, "ResourceNotFound"))
        if isinstance(rooms, Exception):
            raise rooms
        return iter(rooms)
