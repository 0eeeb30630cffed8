"""Graph in memory: events, subscriptions and room lists."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.errors import GraphConflict, GraphNotFound
from shared.graph.events import Events
from shared.graph.rooms import Rooms
from shared.graph.subscriptions import Subscription, Subscriptions, resource_of


class FakeEvents(Events):
    """Graph's calendar: an event or an error by id. `during` runs inside a read."""

    def __init__(self) -> None:
        self.by_id: dict[str, dict[str, Any] | Exception] = {}
        self.of_master: dict[str, list[dict[str, Any]]] = {}
        self.deleted_items: set[str] = set()
        self.view_failure: Exception | None = None
        self.reads: list[str] = []
        self.during: Callable[[str], None] = lambda _: None
        self._lock = threading.Lock()
        self.at_once = self.most_at_once = 0

    def get(self, _mailbox: str, event_id: str) -> dict[str, Any]:
        """Read an event."""
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

    def calendar_view(self, _mailbox: str, _start: datetime, _end: datetime) -> Iterator[dict[str, Any]]:
        """List the events on the calendar; deleted items can only be read by their ids."""
        if self.view_failure:
            raise self.view_failure
        events = (event for event in self.by_id.values() if isinstance(event, dict))
        yield from (event for event in events if event["id"] not in self.deleted_items)

    def instances(self, _mailbox: str, master_id: str, _start: datetime, _end: datetime) -> Iterator[dict[str, Any]]:
        """List the occurrences of a series."""
        yield from self.of_master.get(master_id, [])


class FakeSubscriptions(Subscriptions):
    """Graph's subscriptions of this app: 409 for a second one, 404 for a deleted one.

    Each call first raises the next of `failures`, if it is an error. `during_create` runs before a creation,
    `during_renew` before a renewal, and `after_renew` and `after_delete` run after them.
    """

    def __init__(self) -> None:
        self.existing: dict[str, Subscription] = {}
        self.states: dict[str, str] = {}
        self.calls: list[str] = []
        self.failures: list[Exception | None] = []
        self.during_create: Callable[[], None] = lambda: None
        self.during_renew: Callable[[], None] = lambda: None
        self.after_renew: Callable[[], None] = lambda: None
        self.after_delete: Callable[[], None] = lambda: None
        self._ids = itertools.count(1)

    def create(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime) -> Subscription:
        """Create a subscription as Graph does."""
        self._called("create")
        self.during_create()
        resource = resource_of(mailbox)
        if any(existing.resource == resource for existing in self.existing.values()):
            raise GraphConflict(409, "Conflict")
        created = Subscription(f"s-{next(self._ids)}", resource, url, lifecycle, expires)
        self.existing[created.id], self.states[created.id] = created, state
        return created

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Move the expiry."""
        self.during_renew()
        self._called("renew")
        if subscription_id not in self.existing:
            raise GraphNotFound(404, "ResourceNotFound")
        renewed = self.existing[subscription_id] = replace(self.existing[subscription_id], expires=expires)
        self.after_renew()
        return renewed

    def delete(self, subscription_id: str) -> None:
        """Delete a subscription; a no-op for one that does not exist."""
        self._called("delete")
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
