"""Graph in memory: events, and subscriptions."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.errors import GraphConflict, GraphNotFound
from shared.graph.subscriptions import Subscription, resource_of


class FakeEvents:
    """Graph's calendar: an event or an error by id; `during` runs inside a reading."""

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
            found = self.by_id.get(event_id, GraphNotFound(404, "ErrorItemNotFound"))
            self.during(event_id)
        finally:
            with self._lock:
                self.at_once -= 1
        if isinstance(found, Exception):
            raise found
        return found

    def calendar_view(self, _mailbox: str, _start: datetime, _end: datetime) -> Iterator[dict[str, Any]]:
        """List what is on the calendar; deleted items are found by their ids only."""
        if self.view_failure:
            raise self.view_failure
        found = (one for one in self.by_id.values() if isinstance(one, dict))
        yield from (one for one in found if one["id"] not in self.deleted_items)

    def instances(self, _mailbox: str, master_id: str, _start: datetime, _end: datetime) -> Iterator[dict[str, Any]]:
        """List a series' occurrences."""
        yield from self.of_master.get(master_id, [])


class FakeSubscriptions:
    """Graph's subscriptions of this app: 409 for a second one, 404 for one that is gone; `failures` come first."""

    def __init__(self) -> None:
        self.standing: dict[str, Subscription] = {}
        self.states: dict[str, str] = {}
        self.calls: list[str] = []
        self.failures: list[Exception | None] = []
        self.during_create: Callable[[], None] = lambda: None
        self._ids = itertools.count(1)

    def create(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime) -> Subscription:
        """Make one, as Graph would."""
        self._called("create")
        self.during_create()
        resource = resource_of(mailbox)
        if any(one.resource == resource for one in self.standing.values()):
            raise GraphConflict(409, "Conflict")
        made = Subscription(f"s-{next(self._ids)}", resource, url, lifecycle, expires)
        self.standing[made.id], self.states[made.id] = made, state
        return made

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Move the end."""
        self._called("renew")
        if subscription_id not in self.standing:
            raise GraphNotFound(404, "ResourceNotFound")
        self.standing[subscription_id] = replace(self.standing[subscription_id], expires=expires)
        return self.standing[subscription_id]

    def delete(self, subscription_id: str) -> None:
        """Remove one; gone is as good."""
        self._called("delete")
        self.standing.pop(subscription_id, None)

    def list(self) -> Iterator[Subscription]:
        """List all."""
        self._called("list")
        return iter(list(self.standing.values()))

    def _called(self, name: str) -> None:
        self.calls.append(name)
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure


class FakeRooms:
    """Graph's room lists: rooms or an error by the list's address; 404 for an unknown one."""

    def __init__(self) -> None:
        self.by_list: dict[str, list[str] | Exception] = {}
        self.asked: list[str] = []

    def of_list(self, address: str) -> Iterator[str]:
        """List the rooms."""
        self.asked.append(address)
        found = self.by_list.get(address, GraphNotFound(404, "ResourceNotFound"))
        if isinstance(found, Exception):
            raise found
        return iter(found)
