"""A hundred watched rooms, and a finder of their busy times whose schedules are set by tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.busy_times.spans import Span
from shared.errors import GraphError
from shared.graph.schedules import Schedules
from shared.rooms.busy_mailboxes import BusyMailboxes, BusyMailboxFinder
from shared.rooms.permitted import PermittedMailboxes
from shared.rooms.requests import BusyQuery
from tests.support.world import World

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
WINDOW = Span(NOON, NOON + timedelta(days=1))
HALLS = tuple(f"hall{number:03}@contoso.com" for number in range(100))


class FakeSchedules(Schedules):
    """Schedules with `items`, none at first.

    `calls`: of each, the mailbox in whose name Graph was asked, and those that it was asked about; `before` runs at
    each, with the same. `most` were under way at once.
    """

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.items: list[dict[str, Any]] = []
        self.before: Callable[[Sequence[str]], None] = lambda _: None
        self.under_way = self.most = 0
        self._lock = threading.Lock()

    def in_name_of(
        self, mailbox: str, mailboxes: Sequence[str], start: datetime, end: datetime
    ) -> list[dict[str, Any]]:
        """Return schedules."""
        assert (start, end) == (WINDOW.start, WINDOW.end)
        with self._lock:
            self.calls.append([mailbox, *mailboxes])
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        try:
            self.before([mailbox, *mailboxes])
        finally:
            with self._lock:
                self.under_way -= 1
        return [{"scheduleId": mailbox, "scheduleItems": self.items} for mailbox in mailboxes]


class Scene:
    """A world with a hundred watched rooms, and its finder."""

    def __init__(self) -> None:
        self.world, self.schedules = World(), FakeSchedules()
        for mailbox in HALLS:
            self.world.watch(mailbox)
        self.finder = self.with_seconds(60.0)

    def with_seconds(self, seconds: float) -> BusyMailboxFinder:
        """Return a finder with so much time."""
        permitted = PermittedMailboxes(self.world.permission, self.world.partner_watches, self.world.now)
        return BusyMailboxFinder(permitted, self.schedules, self.world.mailbox_limits, seconds=seconds)

    def find(self, mailboxes: Sequence[str] = HALLS) -> BusyMailboxes:
        """Ask for mailboxes."""
        return self.finder.find(BusyQuery(tuple(mailboxes), WINDOW))


def refuse(mailboxes: Sequence[str], error: GraphError) -> Callable[[Sequence[str]], None]:
    """Return what refuses calls in the name of these mailboxes."""

    def before(mailboxes_of_call: Sequence[str]) -> None:
        if mailboxes_of_call[0] in mailboxes:
            raise error

    return before


def held(go_on: threading.Event) -> None:
    """Wait for `go_on`."""
    assert go_on.wait(30)


def held_for(seconds: float) -> None:
    """Let a call take some time."""
    threading.Event().wait(seconds)
