"""The link of an online meeting: for the request that made it, and for no other one of the same caller."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.bookings.business_lock import WAIT_UNKNOWN
from tests.support.appointments_world import AppointmentWorld, customer, lost, raising


def put_by_people(world: AppointmentWorld, like: str) -> None:
    """Put an appointment for Ola into Bookings now, as people do, with what another one has."""
    stored = world.business.appointments.get(like) or world.business.versions[like][0][1]
    assert stored is not None
    people = [{**stored["customers"][0], "name": "Ola", "emailAddress": "ola@contoso.com"}]
    now = {"id": "AAMkpeople=", "createdDateTime": f"{world.time:%Y-%m-%dT%H:%M:%SZ}", "customers": people}
    world.business.put({**stored, **now}, world.time, timedelta())


@pytest.mark.parametrize("fault", [raising(500), lost], ids=["500", "lost"])
def test_a_call_without_an_answer_gets_its_link_by_repeating(world: AppointmentWorld, fault: object) -> None:
    """It made the meeting online, though it was not told so at once."""
    assert callable(fault)
    world.switch(appointmentListLagSeconds=60.0)
    world.graph.after["POST", "appointments"] = [fault]
    assert world.refusal(online=True) == (503, "outcome_unknown")
    world.pass_by(WAIT_UNKNOWN)
    for _ in range(2):
        again, is_new = world.book(online=True)
        assert (is_new, again.join_url[:8], again.missing_link) == (False, "https://", "")


def test_the_link_of_people_after_a_deletion_is_hidden(world: AppointmentWorld) -> None:
    """The caller's own was deleted; the one at the same time is another one, with another link."""
    made, _ = world.book(online=True)
    world.pass_by(600)
    world.delete_in_bookings(made.id)
    put_by_people(world, made.id)
    assert world.refusal(online=True) == (409, "staff_not_free")


def test_the_link_of_people_after_a_failure_is_hidden(world: AppointmentWorld) -> None:
    """The call had no outcome, and what was created much later is not its."""
    other, _ = world.book(online=True, customer=customer("Liv"))
    world.graph.before["POST", "appointments"] = [raising(500)]
    assert world.refusal(online=True) == (503, "outcome_unknown")
    world.pass_by(900)
    put_by_people(world, other.id)
    assert world.refusal(online=True) == (409, "staff_not_free")


def test_an_earlier_meeting_gives_no_link_of_a_later_meeting(world: AppointmentWorld) -> None:
    """The caller made a meeting online that is gone, and joins that of another caller."""
    world.book(service="Course", caller="one")
    (first,) = world.booked
    world.delete_in_bookings(first["id"])
    world.pass_by(600)
    world.book(service="Course", caller="two", customer=customer("Kari"))
    for _ in range(2):
        joined, _ = world.book(service="Course", caller="one")
        assert (joined.join_url, joined.missing_link) == ("", "not_told")
