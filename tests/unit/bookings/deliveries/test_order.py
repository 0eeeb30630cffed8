"""Claims about moments: clocks that differ, ends that have just passed, and what happened while a view lagged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.partner.webhook import NotDelivered
from tests.support.appointments_world import ADDRESS, NOON, raising
from tests.support.followed_world import QUARTER, FollowedWorld

HOUR = timedelta(hours=1)
SKEW = timedelta(seconds=30)  # between the clocks of two instances


def timestamps(world: FollowedWorld) -> list[datetime]:
    """Return the `timestamp` of each delivery that was taken."""
    return [datetime.fromisoformat(body["timestamp"]) for _, body in world.webhook.taken]


def test_a_later_state_has_a_later_timestamp_by_whatever_clock(world: FollowedWorld) -> None:
    """The partner keeps the state with the latest one, and an instance's clock may be behind another's."""
    made = world.booked_by_others(NOON)
    world.run()
    for number in range(1, 4):
        world.moved_by_others(made, start=NOON + number * HOUR)
        world.time -= SKEW
        world.appointment_poll.run()
        world.time += SKEW
        world.run(after=timedelta(seconds=1))
    assert len(timestamps(world)) == 4
    assert timestamps(world) == sorted(set(timestamps(world)))


def test_an_appointment_that_has_just_ended_is_not_delivered_again(world: FollowedWorld) -> None:
    """A reading by a clock that is behind still shows it."""
    made = world.booked_by_others(NOON)
    world.run()
    world.time = NOON + timedelta(minutes=30, seconds=1)
    world.run(after=timedelta())
    world.run(after=-SKEW)
    assert world.delivered == [("created", made)]


def test_an_appointment_that_is_prolonged_after_its_end_is_updated(world: FollowedWorld) -> None:
    """The partner has it."""
    made = world.booked_by_others(NOON)
    world.run()
    world.time = NOON + timedelta(minutes=31)
    world.run(after=timedelta())
    world.moved_by_others(made, start=NOON, end=NOON + 2 * HOUR)
    world.run()
    assert world.delivered == [("created", made), ("updated", made)]


def test_a_cancellation_is_delivered_although_the_second_look_comes_after_the_end(world: FollowedWorld) -> None:
    """The first look was before it, so the partner still expects the customer."""
    made = world.booked_by_others(NOON)
    world.run()
    world.time = NOON + timedelta(minutes=10)
    world.cancelled_by_others(made)
    world.run()
    world.run()
    assert world.delivered == [("created", made), ("cancelled", made)]
    for _ in range(12):
        world.run()
    assert not list(world.followed_appointments.all())


@pytest.mark.parametrize("minutes_before", [0, 1])
def test_a_new_appointment_shortly_before_the_first_reading_is_delivered(minutes_before: int) -> None:
    """Lists lag, the partner's own too: nobody would tell it."""
    world = FollowedWorld(baseline=False)
    world.switch(appointmentListLagSeconds=120.0)
    made = world.booked_by_others(NOON)
    world.run(after=timedelta(minutes=minutes_before, seconds=1))
    assert world.delivered == []
    world.run()
    assert world.delivered == [("created", made)]
    world.end()


def test_a_new_appointment_during_the_first_reading_is_delivered() -> None:
    """The baseline counts from the beginning of the reading."""
    world = FollowedWorld(baseline=False)
    world.time += HOUR
    made: list[str] = []

    def meanwhile() -> None:
        world.graph.on_call = lambda: setattr(world.graph, "on_call", late)

    def late() -> None:
        world.graph.on_call = lambda: None
        world.time += timedelta(minutes=2)
        made.append(world.booked_by_others(NOON))
        world.time += timedelta(minutes=13)

    meanwhile()
    world.appointment_poll.run()
    world.run()
    assert world.delivered == [("created", each) for each in made]
    assert made
    world.end()


def test_an_unreadable_appointment_does_not_keep_the_first_reading_from_ending() -> None:
    """Every page was read; the others are followed, and the error is noted."""
    world = FollowedWorld(baseline=False)
    broken = world.booked_by_others(NOON)
    world.business.appointments[broken]["startDateTime"] = {"dateTime": "never", "timeZone": "UTC"}
    real = world.graph.call

    def call(method: str, path: str, **given: Any) -> dict[str, Any]:
        return real(method, path, **given) if "appointments" in path else {"value": [{"id": broken}]}

    vars(world.graph)["call"] = call
    world.run()
    del vars(world.graph)["call"]
    del world.business.appointments[broken]
    [business] = world.followed_businesses.all()
    assert business.baseline_at is not None
    assert "Unreadable" in business.error
    made = world.booked_by_others(NOON + HOUR)
    world.run()
    assert world.delivered == [("created", made)]
    world.end()


def test_no_reading_begins_when_the_time_of_a_run_is_used_up(world: FollowedWorld) -> None:
    """The host would end the process; what is left comes first in the next run."""
    made = [world.booked_by_others(NOON + number * timedelta(minutes=5)) for number in range(30)]
    world.time += QUARTER

    def slow() -> None:
        world.time += timedelta(seconds=10)

    world.graph.on_call = slow
    began = world.time
    world.appointment_poll.run()
    assert world.time - began < timedelta(minutes=6)
    [business] = world.followed_businesses.all()
    assert "time" in business.error
    world.graph.on_call = lambda: None
    for _ in range(3):
        world.run()
    assert sorted(each for _, each in world.delivered) == sorted(made)


def test_an_unknown_appointment_is_not_delivered_as_cancelled(world: FollowedWorld) -> None:
    """Made and cancelled while deliveries are paused, it is nothing to the partner."""
    world.pause.pause("maintenance", "admin")
    made = world.booked_by_others(NOON)
    kept = world.booked_by_others(NOON + HOUR)
    world.run()
    world.cancelled_by_others(made)
    for _ in range(3):
        world.run()
    world.pause.resume("done", "admin")
    world.run()
    assert world.delivered == [("created", kept)]


def test_an_appointment_without_an_answer_is_delivered_as_cancelled(world: FollowedWorld) -> None:
    """A delivery without an answer may have arrived."""
    world.webhook.failure = raising_timeout()
    made = world.booked_by_others(NOON)
    world.run()
    world.webhook.failure = None
    world.cancelled_by_others(made)
    for _ in range(2):
        world.appointment_poll.run()
        world.time += QUARTER
    world.run()
    assert world.delivered[-1] == ("cancelled", made)


def raising_timeout() -> Exception:
    """Return the error of a delivery without an answer."""
    return NotDelivered(0, "no answer")


def test_the_address_of_a_business_may_have_capital_letters() -> None:
    """Settings, rows and deliveries have it in lower case."""
    world = FollowedWorld(BOOKINGS_DELIVERIES=ADDRESS.title())
    made = world.booked_by_others(NOON)
    world.run()
    assert world.delivered == [("created", made)]
    assert world.webhook.taken[0][1]["data"]["appointment"]["businessId"] == ADDRESS
    world.end()


def test_a_403_of_a_single_appointment_keeps_no_other(world: FollowedWorld) -> None:
    """The others are delivered, and the business is noted as not read as a whole."""
    first, second = (world.booked_by_others(NOON + number * HOUR) for number in range(2))
    world.graph.before["GET", first] = [raising(403, "ErrorAccessDenied")]
    world.run()
    assert world.delivered == [("created", second)]
    world.run()
    assert sorted(world.delivered) == sorted([("created", first), ("created", second)])
