"""Fifty callers, kills, lost answers and what Bookings does wrong: nothing is made twice, and nobody is booked twice.

Everything is drawn from a seed, and bounded: the same seed plays the same storm.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from sandbox.tenant.graph.behaviours import OF_BOOKINGS
from sandbox.tenant.graph.bookings_rules import block
from sandbox.tenant.graph.service import graph_of
from shared.errors import RelayError
from shared.graph.bookings.ids import route_id
from tests.support.appointments_world import ADDRESS, AppointmentWorld, customer, lost, minutes
from tests.support.examples import examples
from tests.support.shared_time import SharedTime
from tests.support.world import START

STARTS = ("12:00", "12:15", "12:30", "13:00")
NAMES = [f"Customer{number}" for number in range(8)]
CALLERS = 50


class Killed(BaseException):
    """The process ends here: nothing catches it."""


class Storm:
    """A world in which calls of many callers fail at random."""

    def __init__(self, seed: int, *, is_killing: bool = True) -> None:
        self.chance = random.Random(seed)
        self.world = AppointmentWorld()
        self.world.business.services["course"]["staffMemberIds"] = ["ada", "cid"]
        switches = graph_of(self.world.tenant).switches
        # Nobody can see appointments that lists never show: of these only Bookings' own refusal would keep staff free.
        names = [each.name for each in OF_BOOKINGS if each.name != "appointmentListsLack"]
        switches.switch_random(seed, 0.6, names, longest_seconds=100)
        switches.switch("busyStaffAccepted", given=True)  # or Bookings itself would refuse
        self.is_killing = is_killing
        self.world.graph.on_call = self.disturb
        self.answers: list[Any] = []

    def disturb(self) -> None:
        """End the process, or lose an answer, now and then."""
        if self.is_killing and self.chance.random() < 0.02:
            raise Killed
        if self.chance.random() < 0.02:
            lost()

    def request(self) -> dict[str, Any]:
        """Return what one of the callers asks for."""
        service = self.chance.choice(["Haircut", "Course"])
        staff = self.chance.choice([[], ["Ada"], ["Ada" if service == "Course" else "Bob"]])
        name, start = self.chance.choice(NAMES), self.chance.choice(STARTS)
        request = {"service": service, "start": f"2026-11-24T{start}:00Z", "customer": customer(name), "caller": "app"}
        return request | ({"staff": staff} if staff else {})

    def act(self) -> None:
        """Book, move or cancel, as one caller does."""
        with suppress(RelayError, Killed):
            kind = self.chance.random()
            if kind < 0.7 or not self.answers:
                self.answers.append(self.world.book(**self.request())[0])
                return
            made = self.chance.choice(self.answers)
            seat = route_id(made.id, made.seat)
            if kind < 0.85:
                self.world.change(seat, start=f"2026-11-24T{self.chance.choice(STARTS)}:00Z")
            else:
                self.world.appointment_changer.cancel(ADDRESS, seat, None)


def twice(world: AppointmentWorld) -> list[str]:
    """Return who was booked twice: a customer of one service at one time, or staff at overlapping times."""
    seen: Counter[tuple[Any, ...]] = Counter()
    busy: dict[str, list[tuple[datetime, datetime]]] = {}
    for each in world.booked:
        assert len(each["customers"]) <= each["maximumAttendeesCount"]
        start = each["startDateTime"]["dateTime"][:16]
        seen.update((person["emailAddress"], each["serviceId"], start) for person in each["customers"])
        for member in each["staffMemberIds"]:
            busy.setdefault(member, []).append(block(each))
    faults = [f"{key} has {number}" for key, number in seen.items() if number > 1]
    for member, blocks in busy.items():
        faults += [f"{member} {one} {other}" for one, other in combinations(sorted(blocks), 2) if one[1] > other[0]]
    return faults


@pytest.mark.parametrize("seed", range(examples(12)))
def test_nothing_is_created_twice_in_a_storm(seed: int) -> None:
    """After each call. When Bookings works again, each request ends with one appointment or a refusal."""
    storm = Storm(seed)
    for _ in range(CALLERS):
        storm.act()
        assert twice(storm.world) == [], seed
        storm.world.pass_by(storm.chance.choice([0, 1, 5, 20, 70, 140]))
    graph_of(storm.world.tenant).switches.clear()
    storm.world.graph.on_call = lambda: None
    storm.world.pass_by(1200)
    request = storm.request()
    answers = [_status(storm.world, request) for _ in range(2)]
    assert answers in ([201, 200], [200, 200], [409, 409])
    assert twice(storm.world) == [], seed
    storm.world.end()


@pytest.mark.parametrize("seed", range(examples(5)))
def test_fifty_callers_at_once_book_nobody_twice(seed: int) -> None:
    """In threads, some for the same appointment; answers are lost, and Bookings does what it does wrong."""
    storm = Storm(seed, is_killing=False)
    requests = [storm.request() for _ in range(CALLERS)]
    time = SharedTime(storm.world.pass_by)
    storm.world.on_sleep = time.sleep
    statuses = time.run(lambda request: _status(storm.world, request), requests)
    assert twice(storm.world) == []
    assert set(statuses) <= {200, 201, 409, 503}
    assert statuses.count(201) <= sum(len(each["customers"]) for each in storm.world.booked)
    storm.world.end()


def test_the_storm_can_find_a_double_booking() -> None:
    """Two appointments of one person at overlapping times, and one customer twice, are named."""
    world = AppointmentWorld()
    made, _ = world.book(staff=["Ada"])
    world.business.put({**world.business.appointments[made.id], "id": "twin"}, world.time, minutes(0))
    assert len(twice(world)) == 2
    world.end()


def test_pauses_of_threads_run_side_by_side() -> None:
    """The clock shows the longest of them, and a thread that works stops it."""
    world = AppointmentWorld()
    time = SharedTime(world.pass_by)

    def pause(seconds: float) -> datetime:
        time.sleep(seconds)
        time.sleep(1)
        return world.time

    ends = [START + timedelta(seconds=number + 1) for number in (1, 5, 3, 5)]
    assert time.run(pause, [1, 5, 3, 5]) == ends
    assert world.time == ends[1]
    world.end()


def _status(world: AppointmentWorld, request: dict[str, Any]) -> int:
    try:
        return 201 if world.book(**request)[1] else 200
    except RelayError as refusal:
        return int(getattr(refusal, "status", 503))
