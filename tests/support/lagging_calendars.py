"""Graph's calendars as they may be: late, unanswered, throttled, away. All draws come from a seed, for each caller."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphError, GraphNotFound
from shared.graph.answers import error_of
from shared.scheduling.slot_rules import Span
from tests.support.booking_world import FakeCalendars, span_of_event

UNREAD_SECONDS = 30  # at most, until Graph finds a new event by its id
LAG_SECONDS = 120  # at most, until a list shows a write
WRITES = ("create", "move", "remove")


class Killed(BaseException):
    """The process of a caller ends here: nothing catches it."""


def _error(status: int, code: str, **headers: str) -> GraphError:
    return error_of(status, {"error": {"code": code}}, {"Retry-After": "2"} | headers)


FAULTS: tuple[GraphError, ...] = (
    _error(503, "serviceNotAvailable"), error_of(500, {}, {}), _error(429, "TooManyRequests"),
    _error(404, "MailboxNotEnabledForRESTAPI"), _error(404, "ErrorMailboxMoveInProgress"),
    _error(400, "ErrorMailboxMoveInProgress"), error_of(504, {}, {}), _error(423, "ErrorMailboxLocked"),
)  # fmt: skip


class LaggingCalendars(FakeCalendars):
    """Calendars that fail and lag by a seed. A caller acts within `as_caller`; without one nothing fails."""

    def __init__(self, now: Callable[[], datetime], seed: int) -> None:
        super().__init__(now)
        self.seed = seed
        self.created: list[str] = []
        self._caller = threading.local()
        self._lists: dict[str, list[tuple[datetime, dict[str, Any] | None]]] = {}
        self._read_from: dict[str, datetime] = {}
        self.before, self.after = self._before, self._after

    @contextmanager
    def as_caller(self, name: str, *, dies: bool = False) -> Iterator[None]:
        """Draw the faults of a caller, and perhaps its end."""
        chance = random.Random(f"{self.seed}:{name}")
        self._caller.chance, self._caller.left = chance, chance.randrange(1, 16) if dies else None
        try:
            yield
        finally:
            self._caller.chance = None

    def step(self) -> None:
        """End the process of the caller when its time has come."""
        if getattr(self._caller, "chance", None) is not None and self._caller.left is not None:
            self._caller.left -= 1
            if self._caller.left < 0:
                raise Killed

    def fails(self, share: float) -> bool:
        """Return whether the caller's present call fails."""
        chance = getattr(self._caller, "chance", None)
        return chance is not None and chance.random() < share

    def _before(self, _: str) -> None:
        self.step()
        if self.fails(0.08):
            raise self._caller.chance.choice(FAULTS)

    def _after(self, name: str) -> None:
        self.step()
        if name in WRITES and self.fails(0.08):
            raise self._caller.chance.choice([FAULTS[0], FAULTS[1], error_of(0, {}, {})])

    def put(
        self, mailbox: str, start: datetime, end: datetime, transaction: str = "", title: str = ""
    ) -> dict[str, Any]:
        """Put an event into the calendar, which hides it for a while."""
        with self.lock:
            event = super().put(mailbox, start, end, transaction, title)
            if event["id"] not in self._lists:
                self.created.append(event["transactionId"])
                draw = random.Random(f"{self.seed}:{event['transactionId']}")
                self._read_from[event["id"]] = self._now() + timedelta(seconds=draw.uniform(0, UNREAD_SECONDS))
                self._written(event["id"], dict(event))
            return event

    def move(
        self, mailbox: str, event_id: str, start: datetime, end: datetime, *, all_day: bool = False
    ) -> dict[str, Any]:
        """Move an event; lists show it at its former time for a while."""
        try:
            return super().move(mailbox, event_id, start, end, all_day=all_day)
        finally:
            with self.lock:
                if event := self.events.get(mailbox, {}).get(event_id):
                    self._written(event_id, dict(event))

    def remove(self, mailbox: str, event_id: str) -> None:
        """Delete an event; lists show it for a while."""
        try:
            super().remove(mailbox, event_id)
        finally:
            with self.lock:
                if event_id not in self.events.get(mailbox, {}):
                    self._written(event_id, None)

    def _event(self, mailbox: str, event_id: str) -> dict[str, Any]:
        event = super()._event(mailbox, event_id)
        if self._now() < self._read_from.get(event_id, self._now()):
            raise GraphNotFound(404, "ErrorItemNotFound")
        return event

    def _written(self, event_id: str, event: dict[str, Any] | None) -> None:
        states = self._lists.setdefault(event_id, [])
        if states and states[-1][1] == event:
            return
        draw = random.Random(f"{self.seed}:{event_id}:{len(states)}")
        states.append((self._now() + timedelta(seconds=draw.uniform(0, LAG_SECONDS)), event))

    def _seen(self, _mailbox: str, window: Span) -> list[dict[str, Any]]:
        """Return what a list shows: of each event the latest state that it has by now."""
        shown = []
        for states in self._lists.values():
            visible = [state for since, state in states if since <= self._now()]
            if visible and visible[-1] is not None and span_of_event(visible[-1]).overlaps(window):
                shown.append(dict(visible[-1]))
        return shown
