"""An error that does not pass ends in a definite answer, and nobody is asked to repeat for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.bookings.business_lock import WAIT_UNKNOWN
from shared.bookings.records import FAILING, ROUNDS
from shared.errors import RequestRejected
from shared.graph.bookings.ids import route_id
from tests.support.appointments_world import ADDRESS, AppointmentWorld, customer, raising, refusal_of


def rounds(world: AppointmentWorld, fault: tuple[str, str], status: int, act: Callable[[], Any]) -> list[str]:
    """Return the codes of some calls in a row that Bookings answers with a status."""
    codes = []
    for _ in range(ROUNDS + 2):
        world.graph.before[fault] = [raising(status)]
        codes.append(refusal_of(act)[1])
        world.pass_by(WAIT_UNKNOWN)
    world.graph.before.clear()
    return codes


def test_a_500_for_good_ends_in_a_definite_error(world: AppointmentWorld) -> None:
    """After three rounds with nothing there; later it is tried again, and then it works."""
    codes = rounds(world, ("POST", "appointments"), 500, world.book)
    assert codes == ["outcome_unknown"] * ROUNDS + ["bookings_failing"] * 2
    assert world.graph.calls.count("POST appointments") == ROUNDS
    with pytest.raises(RequestRejected) as caught:
        world.book()
    assert (caught.value.status, caught.value.retry_after) == (502, None)
    world.pass_by(FAILING.total_seconds())
    assert world.book()[1]
    assert len(world.booked) == 1


def test_rounds_begin_again_after_a_while(world: AppointmentWorld) -> None:
    """Also if Bookings still fails: the next three rounds end in the same answer."""
    rounds(world, ("POST", "appointments"), 500, world.book)
    world.pass_by(FAILING.total_seconds())
    assert rounds(world, ("POST", "appointments"), 500, world.book)[:ROUNDS] == ["outcome_unknown"] * ROUNDS


def test_an_appointment_that_shows_up_is_never_a_definite_error(world: AppointmentWorld) -> None:
    """The search comes first in each round."""
    rounds(world, ("POST", "appointments"), 500, world.book)
    world.pass_by(FAILING.total_seconds())
    world.graph.after["POST", "appointments"] = [raising(500)]
    assert world.book()[1]
    assert not world.book()[1]


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_move_that_fails_for_good_ends_in_a_definite_error(world: AppointmentWorld, status: int) -> None:
    """The appointment stays as it was."""
    made, _ = world.book()
    fault = ("PATCH", made.id)
    codes = rounds(world, fault, status, lambda: world.change(made.id, start="2026-11-24T14:00:00Z"))
    assert codes == ["bookings_unavailable"] * ROUNDS + ["bookings_failing"] * 2
    world.pass_by(FAILING.total_seconds())
    assert world.change(made.id, start="2026-11-24T14:00:00Z").start.hour == 14


@pytest.mark.parametrize("message", ["Sorry", None])
def test_a_cancellation_that_fails_for_good_ends_in_a_definite_error(
    world: AppointmentWorld, message: str | None
) -> None:
    """It is never answered as done while the appointment stands."""
    made, _ = world.book()
    fault = ("POST", "cancel") if message else ("DELETE", made.id)
    codes = rounds(world, fault, 500, lambda: world.appointment_changer.cancel(ADDRESS, made.id, message))
    assert codes == ["bookings_unavailable"] * ROUNDS + ["bookings_failing"] * 2
    assert len(world.booked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_what_passes_by_itself_is_never_a_definite_error(world: AppointmentWorld, status: int) -> None:
    """Throttling and outages are answered 503 however often."""
    made, _ = world.book()
    codes = rounds(world, ("PATCH", made.id), status, lambda: world.change(made.id, start="2026-11-24T14:00:00Z"))
    assert set(codes) == {"bookings_unavailable"}


def test_a_move_that_was_carried_out_in_spite_of_an_error_is_a_success(world: AppointmentWorld) -> None:
    """The result is read before anything is said."""
    made, _ = world.book()
    world.graph.after["PATCH", made.id] = [raising(500)]
    assert world.change(made.id, start="2026-11-24T14:00:00Z").start.hour == 14


def test_a_seat_that_cannot_be_given_back_for_good_ends_in_a_definite_error(world: AppointmentWorld) -> None:
    """Its customer keeps it, and it is given back later."""
    made = [world.book(service="Course", customer=customer(name))[0] for name in ("Ola", "Kari")]
    seat = route_id(made[1].id, made[1].seat)
    codes = rounds(world, ("PATCH", made[1].id), 500, lambda: world.appointment_changer.cancel(ADDRESS, seat, None))
    assert codes == ["bookings_unavailable"] * ROUNDS + ["bookings_failing"] * 2
    assert len(world.booked[0]["customers"]) == 2
    world.pass_by(FAILING.total_seconds())
    world.appointment_changer.cancel(ADDRESS, seat, None)
    assert len(world.booked[0]["customers"]) == 1


@pytest.mark.parametrize("status", [400, 404, 409])
def test_a_mailbox_that_is_being_moved_is_never_a_definite_error(world: AppointmentWorld, status: int) -> None:
    """Whatever status the code comes with: it passes by itself."""
    made, _ = world.book()
    for _ in range(ROUNDS + 1):
        world.graph.before["PATCH", made.id] = [raising(status, "ErrorMailboxMoveInProgress")]
        assert refusal_of(lambda: world.change(made.id, start="2026-11-24T14:00:00Z")) == (503, "bookings_unavailable")
