"""A call that is stopped for longer than its lock lasts, at any of its steps, books nobody twice.

Meanwhile another call takes the lock and does its own work: it must see what the stopped call holds, or the stopped
call must not write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import combinations, count

from sandbox.tenant.graph.bookings_rules import block
from shared.bookings.business_lock import LOCK_TIME
from shared.bookings.held_times import HeldTime, HeldTimes
from shared.bookings.records import UNSEEN
from shared.errors import RelayError
from shared.graph.bookings.ids import route_id
from shared.storage.leases import observed_after
from tests.support.appointments_world import ADDRESS, NOON, AppointmentWorld, customer
from tests.support.table import FakeTable

Work = Callable[[AppointmentWorld], object]
LATER = "2026-11-24T14:00:00Z"


class Stop:
    """Stops a call at one of its storage and Graph calls, while `other` does its work.

    An update of customers, `at_once`, is not stopped: it has no condition, and nothing can be held for it.
    """

    def __init__(self, world: AppointmentWorld, number: int, other: Work, at_once: str) -> None:
        self.world, self.number, self.other, self.at_once = world, number, other, at_once
        self.steps = 0
        self.has_stopped = self.has_worked = False

    def step(self) -> None:
        """Count a step, and stop at the chosen step."""
        if self.at_once and self.world.graph.calls[-1].startswith(self.at_once):
            return
        self.steps += 1
        if self.steps == self.number and not self.has_stopped:
            self.has_stopped = True
            self.world.pass_by(observed_after(LOCK_TIME) + 1)
            with suppress(RelayError):
                self.other(self.world)
                self.has_worked = True


@contextmanager
def stopped(world: AppointmentWorld, number: int, other: Work, at_once: str) -> Iterator[Stop]:
    """Stop the calls within at a step."""
    stop = Stop(world, number, other, at_once)
    world.record_rows.before = world.graph.on_call = stop.step
    yield stop
    world.record_rows.before = world.graph.on_call = lambda: None


def everywhere(prepare: Work, work: Work, other: Work, at_once: str = "") -> Iterator[tuple[Stop, AppointmentWorld]]:
    """Yield the world after `work` was stopped at each of its steps, with the stop."""
    for number in count(1):
        world = AppointmentWorld()
        world.switch(busyStaffAccepted=True)  # or Bookings itself would refuse
        prepare(world)
        with stopped(world, number, other, at_once) as stop, suppress(RelayError):
            work(world)
        yield stop, world
        world.end()
        if not stop.has_stopped:
            assert number > 8, "so few steps prove nothing"
            return


def overlaps(world: AppointmentWorld) -> list[tuple[datetime, datetime]]:
    """Return the times of appointments of Ada that overlap another of hers."""
    blocks = sorted(block(each) for each in world.booked if "ada" in each["staffMemberIds"])
    return [one for one, other in combinations(blocks, 2) if one[1] > other[0]]


def ada(name: str, **changes: str) -> Work:
    """Return a booking of Ada for a customer."""
    return lambda world: world.book(staff=["Ada"], customer=customer(name), **changes)


def test_a_stopped_booking_and_another_share_no_staff() -> None:
    """The other caller books the same member at the same time."""
    for stop, world in everywhere(lambda _: None, ada("Ola"), ada("Kari")):
        assert overlaps(world) == [], stop.number
        assert len(world.booked) == 1, stop.number


def test_a_stopped_move_and_a_booking_share_no_staff() -> None:
    """The other caller books the member at the time to which the appointment moves."""

    def move(world: AppointmentWorld) -> None:
        world.change(world.booked[0]["id"], start=LATER)

    for stop, world in everywhere(ada("Ola"), move, ada("Kari", start=LATER)):
        assert overlaps(world) == [], stop.number
        assert {each["startDateTime"]["dateTime"][11:16] for each in world.booked} >= {"14:00"}, stop.number


def test_a_stopped_booking_takes_no_seat_of_another() -> None:
    """Both join one course: Bookings replaces the whole list of customers."""

    def join(name: str) -> Work:
        return lambda world: world.book(service="Course", customer=customer(name))

    for stop, world in everywhere(join("Ola"), join("Kari"), join("Per"), "PATCH appointments"):
        names = [each["name"] for one in world.booked for each in one["customers"]]
        assert sorted(set(names)) == sorted(names), stop.number
        assert ({"Ola", "Per"} if stop.has_worked else {"Ola"}) <= set(names), stop.number


def test_a_stopped_cancellation_takes_no_seat_of_another() -> None:
    """A seat is given back while another customer joins."""

    def prepare(world: AppointmentWorld) -> None:
        for name in ("Ola", "Kari"):
            world.book(service="Course", customer=customer(name))

    def give_back(world: AppointmentWorld) -> None:
        course = world.booked[0]
        seat = next(each["customerId"] for each in course["customers"] if each["name"] == "Kari")
        world.appointment_changer.cancel(ADDRESS, route_id(course["id"], seat), None)

    def other(world: AppointmentWorld) -> None:
        world.book(service="Course", customer=customer("Per"))

    for stop, world in everywhere(prepare, give_back, other, "PATCH appointments"):
        names = {each["name"] for one in world.booked for each in one["customers"]}
        assert ({"Ola", "Per"} if stop.has_worked else {"Ola"}) <= names, stop.number


def test_a_time_is_held_although_its_former_row_is_swept_meanwhile() -> None:
    """A repeated request holds the time of an earlier one, whose row has ended and is deleted by another call."""
    rows, now = FakeTable(), [NOON]
    held = HeldTimes(lambda: rows, lambda: now[0])
    time = HeldTime("0" * 32, "", "cut", NOON, NOON, NOON, '["ada"]')
    held.hold(ADDRESS, time)
    now[0] += UNSEEN
    calls = count()

    def sweep() -> None:
        if next(calls) == 1:  # after the insert was refused
            rows.before = lambda: None
            held.of(ADDRESS)

    rows.before = sweep
    held.hold(ADDRESS, time)
    assert [each.id for each in held.of(ADDRESS)] == [time.id]
