"""Claims about calls of the API: what a response said is not delivered, unless others change it later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.bookings.requests import AppointmentChange, parse
from shared.errors import ServiceUnavailable
from shared.graph.bookings.ids import route_id
from tests.support.appointments_world import ADDRESS, NOON
from tests.support.followed_world import FollowedWorld

KEY = "key"
APP = "4c1f5a4e-0000-0000-0000-000000000001"


def book(world: FollowedWorld, caller: str = KEY) -> str:
    """Make an appointment by a call, and return Graph's id."""
    appointment, _ = world.book(caller=caller)
    return appointment.id


def test_what_a_caller_with_a_key_does_is_not_delivered(world: FollowedWorld) -> None:
    """Neither when it makes, nor when it moves or cancels an appointment; nor later."""
    made = book(world)
    world.run()
    change = parse(AppointmentChange, {"start": "2026-11-24T13:00:00Z"})
    world.appointment_changer.change(ADDRESS, route_id(made), change, KEY)
    world.run()
    world.appointment_changer.cancel(ADDRESS, route_id(made), None, KEY)
    for _ in range(6):
        world.run()
    assert world.delivered == []


def test_what_an_app_with_a_token_does_is_delivered(world: FollowedWorld) -> None:
    """It may be another app than the one behind the partner's endpoint."""
    made = book(world, APP)
    world.run()
    world.appointment_changer.cancel(ADDRESS, route_id(made), None, APP)
    for _ in range(3):
        world.run()
    assert world.delivered == [("created", made), ("cancelled", made)]


def test_what_others_do_to_it_later_is_delivered(world: FollowedWorld) -> None:
    """As an update: the caller knows the appointment."""
    made = book(world)
    world.run()
    world.moved_by_others(made, start=NOON + timedelta(hours=2))
    world.run()
    world.cancelled_by_others(made)
    for _ in range(3):
        world.run()
    assert world.delivered == [("updated", made), ("cancelled", made)]


def test_a_change_of_others_on_its_way_does_not_end_as_the_last_state(world: FollowedWorld) -> None:
    """Its delivery had no answer, so it may arrive after the response of a later call: the call's state follows."""
    made = book(world)
    world.moved_by_others(made, start=NOON + timedelta(hours=2))
    world.webhook.failure = ServiceUnavailable("the partner")
    world.time += timedelta(minutes=15)
    world.appointment_poll.run()
    with pytest.raises(ServiceUnavailable):
        world.appointment_backlog.run()
    world.webhook.failure = None
    change = parse(AppointmentChange, {"start": "2026-11-24T13:00:00Z"})
    world.appointment_changer.change(ADDRESS, route_id(made), change, KEY)
    world.run()
    assert world.replica[made][2] == "2026-11-24T13:00:00Z"


def test_what_cannot_be_recorded_is_delivered(world: FollowedWorld) -> None:
    """The call succeeds; an echo does no harm, a missing state would."""
    world.appointment_rows.failing = 1
    made = book(world)
    world.run()
    assert world.delivered == [("created", made)]
