"""Crashes between any two calls: in the end bookings and events match, and none overlap."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import GraphError, GraphUnavailable, RelayError
from shared.scheduling.booking import spans_of
from shared.scheduling.slot_rules import Span
from tests.support.booking_world import AGENT, BookingWorld, FakeCalendars
from tests.support.examples import examples

T = TypeVar("T")


class Killed(BaseException):
    """The process ends here: nothing catches it."""


@dataclass
class Crashes:
    """Ends the process at a call, or loses a response; `late` calls of a dead process are carried out afterwards."""

    world: BookingWorld
    kill_at: int | None = None
    fail_at: int | None = None
    delayed: bool = False
    calls: int = 0
    late: list[Callable[[], Any]] = field(default_factory=list)

    def step(self, *_: str) -> None:
        """Count a call; at its number end the process, or lose the response."""
        self.calls += 1
        if self.kill_at is not None and self.calls >= self.kill_at:
            raise Killed
        if self.calls == self.fail_at:
            raise GraphUnavailable(503, "Fault")

    def send(self, act: Callable[[], T]) -> T:
        """Make a call of Graph; one that a dying process has already sent is carried out later."""
        if self.delayed and self.kill_at is not None and self.calls + 1 >= self.kill_at:
            self.late.append(act)
        return act()

    def arrive(self) -> None:
        """Carry out the calls that a dead process had sent."""
        for act in self.late:
            with suppress(GraphError):
                act()
        self.late.clear()


class CrashingCalendars(FakeCalendars):
    """Calendars whose writes may be sent by a dying process."""

    def __init__(self, now: Callable[[], datetime], crashes: Crashes) -> None:
        super().__init__(now)
        self._crashes = crashes
        self.before = self.after = crashes.step

    def create(self, *given: Any) -> dict[str, Any]:
        """Create an event."""
        return self._crashes.send(lambda: super(CrashingCalendars, self).create(*given))

    def move(self, *given: Any, **named: Any) -> dict[str, Any]:
        """Move an event to other times."""
        return self._crashes.send(lambda: super(CrashingCalendars, self).move(*given, **named))

    def remove(self, *given: Any) -> None:
        """Delete an event."""
        self._crashes.send(lambda: super(CrashingCalendars, self).remove(*given))


LONG = [300, 420, 480]  # minutes; the cells of two such times do not fit into one transaction
SLOTS = st.tuples(st.integers(11, 13), st.sampled_from([0, 15, 30, 45]), st.sampled_from([15, 30, 60, *LONG]))
ACTS = st.tuples(
    st.sampled_from(["book", "book", "again", "move", "cancel"]),
    SLOTS,
    st.none() | st.integers(1, 14),  # the call at which the process ends
    st.none() | st.integers(1, 14),  # the call whose response is lost
    st.booleans(),
    st.sampled_from([0, 1, 130]),  # seconds until the next action
)


def run(world: BookingWorld, crashes: Crashes, kind: str, slot: Span, booked: list[str]) -> None:
    """Carry out one action, and record a confirmed booking."""
    if kind == "book":
        booked.append(world.slot_booker.book(world.new_booking(slot))[0].booking.id)
    elif kind == "again":
        booked.append(world.slot_booker.book(world.new_booking(slot, number=1))[0].booking.id)
    elif booked and kind == "move":
        body = {"start": slot.start.isoformat(), "duration": int((slot.end - slot.start).total_seconds()) // 60}
        world.booking_changer.move(AGENT, booked[-1], body)
    elif booked:
        world.booking_changer.cancel(AGENT, booked.pop())


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(ACTS, min_size=1, max_size=6))
def test_calendar_and_storage_agree_in_the_end(acts: list[Any]) -> None:
    """After any actions and crashes, and some quiet: each confirmed booking exists, and no time is reserved twice."""
    world = BookingWorld()
    world.end()
    crashes = Crashes(world)
    world.graph_calendars = world.booked_events = world.schedules = CrashingCalendars(world.now, crashes)
    world.graph_calendars.hours = None
    booked: list[str] = []
    for kind, (hour, minute, minutes), kill_at, fail_at, delayed, pause in acts:
        crashes.calls, crashes.kill_at, crashes.fail_at, crashes.delayed = 0, kill_at, fail_at, delayed
        world.slot_rows.before = crashes.step if kill_at else lambda: None
        with suppress(Killed, RelayError):
            run(world, crashes, kind, world.slot(hour, minute, minutes), booked)
        world.slot_rows.before = lambda: None
        crashes.kill_at = crashes.fail_at = None
        world.pass_by(pause)
        if pause > 60:
            world.booking_cleanup.resolve_all()
        crashes.arrive()
        held = sorted(span for row in world.bookings() if row.state == "booked" for span in spans_of(row))
        assert apart(held)
    for _ in range(3):
        world.pass_by(601)
        world.booking_cleanup.resolve_all()
    rows = world.bookings()
    assert {row.state for row in rows} <= {"booked"}
    assert {row.event_id for row in rows} == set(world.graph_calendars.events.get(AGENT, {}))
    assert sorted(Span(row.start, row.end) for row in rows) == world.graph_calendars.spans()
    assert apart(world.graph_calendars.spans())
    assert set(booked) <= {row.id for row in rows} | cancelled(acts)


def apart(spans: list[Span]) -> bool:
    """Return whether no two of the ordered spans overlap."""
    return all(first.end <= second.start for first, second in pairwise(spans))


def cancelled(acts: list[Any]) -> set[str]:
    """Return the ids that a cancellation may have deleted without a response."""
    return {f"{number:032x}" for number in (*range(1, 20), 1_000_001)} if any(a[0] == "cancel" for a in acts) else set()
