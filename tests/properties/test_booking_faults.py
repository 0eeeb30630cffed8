"""Fifty callers, kills, and everything that Graph and storage do wrong: no time is given twice, no event made twice."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from shared.errors import RelayError, RequestRejected
from shared.scheduling.slot_rules import Span
from tests.support.booking_world import AGENT, BookingWorld
from tests.support.lagging_calendars import Killed, LaggingCalendars

CALLERS = 50
ROUNDS = 6
KEYED = 30  # callers who repeat a call with its Idempotency-Key


@dataclass
class Caller:
    """A caller with one wish: what it was told."""

    number: int
    slot: Span
    booked: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    is_dead: bool = False
    has_cancelled: bool = False

    @property
    def has_key(self) -> bool:
        """Whether the caller repeats its call."""
        return self.number < KEYED


class Run:
    """A world in which callers act in rounds; between these the clock and the timer go on."""

    def __init__(self, seed: int) -> None:
        self.world, self.chance = BookingWorld(), random.Random(seed)
        self.calendars = LaggingCalendars(self.world.now, seed)
        self.calendars.hours = None
        self.world.graph_calendars = self.world.booked_events = self.world.schedules = self.calendars
        self.callers = [Caller(number, self._random_slot()) for number in range(CALLERS)]

    def _random_slot(self) -> Span:
        minutes = self.chance.choice([15, 15, 30, 30, 30, 60, 60, 300, 480])
        return self.world.slot(self.chance.randrange(12, 24), self.chance.choice([0, 15, 30, 45]), minutes)

    def act(self, caller: Caller, number: int) -> None:
        """Let a caller do one thing: book, repeat, move or cancel; perhaps its process dies."""
        chance = random.Random(f"{self.calendars.seed}:{caller.number}:{number}")
        try:
            with self.calendars.as_caller(f"{caller.number}:{number}", dies=chance.random() < 0.2):
                self._do(caller, chance)
        except Killed:
            caller.answers.append("killed")
            caller.is_dead = not caller.has_key
        except RelayError as error:
            caller.answers.append(error.problem.code if isinstance(error, RequestRejected) else type(error).__name__)

    def _do(self, caller: Caller, chance: random.Random) -> None:
        if caller.booked and chance.random() < 0.3:
            caller.has_cancelled = True  # also if the answer is lost
            self.world.booking_changer.cancel(AGENT, caller.booked[-1])
        elif caller.booked and chance.random() < 0.6:
            body = {"start": self.world.slot(chance.randrange(12, 24)).start.isoformat(), "duration": 30}
            self.world.booking_changer.move(AGENT, caller.booked[-1], body)
        elif not caller.has_cancelled and not caller.is_dead:
            request = self.world.new_booking(caller.slot, number=caller.number if caller.has_key else None)
            caller.booked.append(self.world.slot_booker.book(request)[0].booking.id)

    def storage_fault(self) -> None:
        """Let storage fail, or the caller's process end, at one of its calls."""
        self.calendars.step()
        if self.calendars.fails(0.02):
            self.world.slot_rows.failing += 1

    def pass_quietly(self, times: int) -> None:
        """Let quiet time pass, with the timer."""
        for _ in range(times):
            self.world.pass_by(601)
            self.world.booking_cleanup.resolve_all()

    def held(self) -> list[Span]:
        """Return the times of the bookings that callers may rely on."""
        return sorted(Span(row.start, row.end) for row in self.world.bookings() if row.state == "booked")


@pytest.mark.parametrize("seed", range(6))
def test_no_time_is_given_twice_and_no_event_is_created_twice(seed: int) -> None:
    """Graph hides new events, lists writes late, moves mailboxes, loses answers; callers die; storage fails."""
    run = Run(seed)
    with ThreadPoolExecutor(CALLERS) as threads:
        for number in range(ROUNDS):
            run.world.slot_rows.before = run.storage_fault
            list(threads.map(lambda caller, number=number: run.act(caller, number), run.callers))
            run.world.slot_rows.before = lambda: None
            run.world.slot_rows.failing = 0
            assert apart(run.held())
            run.world.pass_by(run.chance.choice([1, 20, 45, 130]))
            with suppress(RelayError):
                run.world.booking_cleanup.resolve_all()
    run.pass_quietly(4)
    rows = run.world.bookings()
    assert Counter(row.state for row in rows).keys() <= {"booked"}
    assert {row.event_id for row in rows} == set(run.calendars.events.get(AGENT, {}))
    assert apart(run.calendars.spans())
    assert sorted(Span(row.start, row.end) for row in rows) == run.calendars.spans()
    assert max(Counter(run.calendars.created).values()) == 1
    promised = {caller.booked[-1] for caller in run.callers if caller.booked and not caller.has_cancelled}
    assert promised <= {row.id for row in rows}
    run.world.end()
    assert len(run.calendars.created) >= 3, "so few events prove nothing"


def apart(spans: list[Span]) -> bool:
    """Return whether no two of the ordered spans overlap."""
    return all(first.end <= second.start for first, second in pairwise(spans))
