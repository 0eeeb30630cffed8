"""Claims about rows that two write at once, and about rows that stand in the way of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.bookings.deliveries import backlog as sending
from shared.bookings.deliveries.offers import group_of
from shared.bookings.deliveries.states import new_row
from shared.partner.webhook import NotDelivered
from shared.storage.followed.appointments import FollowedAppointment
from shared.storage.parked import DEAD
from tests.support.appointments_world import ADDRESS, NOON
from tests.support.followed_world import FollowedWorld

HOUR = timedelta(hours=1)
AWAY = "away@fabrikam.com"


def touch(world: FollowedWorld, appointment_id: str) -> None:
    """Change a row as a reading that found nothing new does."""
    row = world.row(appointment_id)
    world.followed_appointments.change(row, read_at=world.time)


def once_before_a_write(world: FollowedWorld, act: Callable[[], None], calls: int) -> None:
    """Act in place of another process, before the storage call of this number."""
    left = [calls]

    def before() -> None:
        left[0] -= 1
        if left[0] == 0:
            act()

    world.appointment_rows.before = before


def test_a_replay_that_meets_another_writer_loses_nothing(world: FollowedWorld) -> None:
    """Its dead letter is gone afterwards, so the row has to be due."""
    world.webhook.failure = NotDelivered(422, "status 422")
    made = world.booked_by_others(NOON)
    world.run()
    world.webhook.failure = None
    calls = [0]

    def count() -> None:
        calls[0] += 1
        if calls[0] == 3:  # the list of businesses, the row, and now its change
            world.appointment_rows.before = lambda: None
            touch(world, made)

    world.appointment_rows.before = count
    world.appointment_backlog.replay(group_of(ADDRESS), [made])
    assert calls[0] == 3
    world.send()
    assert world.delivered == [("created", made)]


@pytest.mark.parametrize("status", [422, 500])
def test_a_refusal_that_meets_another_writer_is_recorded(world: FollowedWorld, status: int) -> None:
    """A dead letter whose row did not say so would outlive its appointment's next state; an attempt would be repeated
    at once.
    """
    made = world.booked_by_others(NOON)
    world.webhook.failure = NotDelivered(status, f"status {status}")
    world.webhook.on_arrival = lambda *_: touch(world, made)
    world.run()
    assert len(world.webhook.tried) == 1
    assert (world.row(made).is_dead, world.row(made).attempts) == ((True, 0) if status == 422 else (False, 1))
    world.webhook.failure = None
    world.webhook.on_arrival = lambda *_: None
    world.moved_by_others(made, start=NOON + HOUR)
    world.run()
    assert world.parked.page(DEAD, 10) == []
    assert world.delivered == [("created", made)]


def test_a_dead_letter_whose_row_could_not_be_written_ends_with_the_next_delivery(world: FollowedWorld) -> None:
    """The process ended between the two."""

    class Killed(BaseException):
        """The process ends here."""

    world.webhook.failure = NotDelivered(422, "status 422")
    made = world.booked_by_others(NOON)

    def die() -> None:
        raise Killed

    world.webhook.on_arrival = lambda *_: setattr(world.appointment_rows, "before", die)
    with pytest.raises(Killed):
        world.run()
    world.appointment_rows.before, world.webhook.on_arrival = (lambda: None), (lambda *_: None)
    assert len(world.parked.page(DEAD, 10)) == 1
    world.webhook.failure = None
    world.moved_by_others(made, start=NOON + HOUR)
    world.run()
    assert world.delivered == [("created", made)]
    assert world.parked.page(DEAD, 10) == []


def test_rows_that_may_not_be_sent_keep_no_other_waiting(world: FollowedWorld) -> None:
    """However many: a business off the allow-list may have more than a run looks at."""
    _store_due_rows(world, AWAY, sending.MOST + 5)
    made = world.booked_by_others(NOON)
    world.run()
    assert world.delivered == [("created", made)]


def test_a_probe_looks_past_rows_that_may_not_be_sent(world: FollowedWorld) -> None:
    """Or it would say that nothing waits, and close the circuit breaker without asking the partner."""
    _store_due_rows(world, AWAY, 50)
    world.booked_by_others(NOON)
    world.time += timedelta(minutes=15)
    world.appointment_poll.reader.read(next(iter(world.followed_businesses.all())), {}, world.time + HOUR)
    world.webhook.failure = NotDelivered(503, "status 503")
    assert [world.appointment_backlog.probe() for _ in range(5)] == ["failed"] * 5


def _store_due_rows(world: FollowedWorld, business: str, number: int) -> None:
    """Store due rows of a business that is not allowed, which is followed."""
    for each in range(number):
        row = replace(new_row(business, f"appointment-{each}"), id=f"{each:032x}")  # before the others
        world.followed_appointments.insert(
            replace(
                row, start=NOON, end=NOON + HOUR, shown=f"{each:032x}", number=1, changed=world.time, due=world.time
            )
        )
    world.set_followed(f"{ADDRESS},{AWAY}")


def test_a_row_that_appears_during_a_reading_is_seen(world: FollowedWorld) -> None:
    """An appointment with a row whose own column of its id is damaged is delivered as it is, not passed over."""
    booked = world.booked_by_others(NOON)
    world.run()
    [row] = [each for each in world.appointment_rows.rows.values() if each["PartitionKey"] == "appointment"]
    row["appointment"] = 7
    world.moved_by_others(booked, start=NOON + HOUR)
    world.run()
    assert [each for _, each in world.delivered] == [booked] * 2
    assert isinstance(world.row(booked), FollowedAppointment)


def test_the_cancellation_of_an_appointment_with_a_damaged_row_is_delivered(world: FollowedWorld) -> None:
    """After the second look, with the times that the row still says."""
    booked = world.booked_by_others(NOON)
    world.run()
    [row] = [each for each in world.appointment_rows.rows.values() if each["PartitionKey"] == "appointment"]
    row["number"] = "damaged"
    world.cancelled_by_others(booked)
    for _ in range(3):
        world.run()
    assert world.delivered == [("created", booked), ("cancelled", booked)]
