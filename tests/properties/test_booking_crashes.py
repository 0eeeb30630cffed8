"""Whatever ends between any two calls: at last each booking has its event, each event its booking, none overlap."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import GraphError, GraphUnavailable, RelayError
from shared.scheduling.booking import spans_of
from shared.scheduling.slot_rules import Span
from tests.support.booking_world import AGENT, BookingWorld
from tests.support.examples import examples


class Killed(BaseException):
    """The process ends here: nothing catches it."""


@dataclass
class Trouble:
    """Ends the process at a call, or loses an answer; `late` calls of a dead process are carried out afterwards."""

    world: BookingWorld
    kill_at: int | None = None
    fail_at: int | None = None
    delayed: bool = False
    calls: int = 0
    late: list[Callable[[], Any]] = field(default_factory=list)

    def step(self, *_: str) -> None:
        """Count a call; at its turn it ends, or loses its answer."""
        self.calls += 1
        if self.kill_at is not None and self.calls >= self.kill_at:
            raise Killed
        if self.calls == self.fail_at:
            raise GraphUnavailable(503, "Fault")

    def send(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """Return a call of Graph that a dying process has sent already, so that it is carried out later."""

        def sent(*given: Any) -> Any:
            if self.delayed and self.kill_at is not None and self.calls + 1 >= self.kill_at:
                self.late.append(lambda: act(*given))
            return act(*given)

        return sent

    def arrive(self) -> None:
        """Let what a dead process had sent arrive."""
        for act in self.late:
            with suppress(GraphError):
                act()
        self.late.clear()


SLOTS = st.tuples(st.integers(11, 13), st.sampled_from([0, 15, 30, 45]), st.sampled_from([15, 30, 60]))
ACTS = st.tuples(
    st.sampled_from(["book", "book", "again", "move", "cancel"]),
    SLOTS,
    st.none() | st.integers(1, 14),  # the call at which the process ends
    st.none() | st.integers(1, 14),  # the call whose answer is lost
    st.booleans(),
    st.sampled_from([0, 1, 130]),  # seconds until the next act
)


def run(world: BookingWorld, trouble: Trouble, kind: str, slot: Span, booked: list[str]) -> None:
    """Carry out one act; a booking that is answered is noted."""
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
def test_calendar_and_storage_are_in_step_at_last(acts: list[Any]) -> None:
    """After any acts with any ends, and some quiet: each booking that was answered stands, no time is given twice."""
    world = BookingWorld()
    world.end()
    trouble = Trouble(world)
    world.calendars.before = world.calendars.after = trouble.step
    for name in ("create", "move", "remove"):
        setattr(world.calendars, name, trouble.send(getattr(world.calendars, name)))
    booked: list[str] = []
    for kind, (hour, minute, minutes), kill_at, fail_at, delayed, pause in acts:
        trouble.calls, trouble.kill_at, trouble.fail_at, trouble.delayed = 0, kill_at, fail_at, delayed
        world.slot_rows.before = trouble.step if kill_at else lambda: None
        with suppress(Killed, RelayError):
            run(world, trouble, kind, world.slot(hour, minute, minutes), booked)
        world.slot_rows.before = lambda: None
        trouble.kill_at = trouble.fail_at = None
        world.pass_by(pause)
        if pause > 60:
            world.booking_cleanup.resolve_all()
        trouble.arrive()
        held = sorted(span for row in world.bookings() if row.state == "booked" for span in spans_of(row))
        assert apart(held)
    for _ in range(3):
        world.pass_by(601)
        world.booking_cleanup.resolve_all()
    rows = world.bookings()
    assert {row.state for row in rows} <= {"booked"}
    assert {row.event_id for row in rows} == set(world.calendars.events.get(AGENT, {}))
    assert sorted(Span(row.start, row.end) for row in rows) == world.calendars.spans()
    assert apart(world.calendars.spans())
    assert set(booked) <= {row.id for row in rows} | cancelled(acts)


def apart(spans: list[Span]) -> bool:
    """Return whether no two of some ordered spans overlap."""
    return all(first.end <= second.start for first, second in pairwise(spans))


def cancelled(acts: list[Any]) -> set[str]:
    """Return the ids that a cancellation may have reached although nobody was told so."""
    return {f"{number:032x}" for number in (*range(1, 20), 1_000_001)} if any(a[0] == "cancel" for a in acts) else set()
