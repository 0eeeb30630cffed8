"""Claims about the window, the setting and the allow-list: which appointments are followed, and at what cost."""

from __future__ import annotations

from datetime import timedelta

from tests.support.appointments_world import ADDRESS, NOON
from tests.support.followed_world import QUARTER, FollowedWorld

HOUR = timedelta(hours=1)


def test_past_appointments_are_dropped_silently(world: FollowedWorld) -> None:
    """Their rows end with them."""
    made = world.booked_by_others(NOON)
    world.run()
    world.time = NOON + 2 * HOUR
    world.run()
    assert world.delivered == [("created", made)]
    assert not list(world.followed_appointments.all())


def test_an_appointment_that_leaves_the_window_is_delivered(world: FollowedWorld) -> None:
    """The partner would believe in its old time. Beyond 62 days it is not asked for again, until it comes near."""
    made = world.booked_by_others(NOON)
    world.run()
    world.moved_by_others(made, start=NOON + timedelta(days=90))
    world.run()
    assert world.delivered[-1] == ("updated", made)
    world.graph.calls.clear()
    world.run()
    assert world.graph.calls == ["GET calendarView"]
    world.cancelled_by_others(made)
    world.time += timedelta(days=60)
    world.run()
    world.run()
    assert world.delivered[-1] == ("cancelled", made)


def test_an_appointment_far_ahead_is_delivered_when_it_comes_into_the_window() -> None:
    """Also one that was made before the first reading, which could not show it."""
    world = FollowedWorld(baseline=False)
    far = world.booked_by_others(NOON + timedelta(days=70))
    world.run()
    world.time += timedelta(days=20)
    world.run()
    assert world.delivered == [("created", far)]
    world.end()


def test_a_quiet_business_costs_a_single_call(world: FollowedWorld) -> None:
    """And a change two: the list, and the appointment by id."""
    world.booked_by_others(NOON)
    world.run()
    world.graph.calls.clear()
    world.run()
    assert world.graph.calls == ["GET calendarView"]
    world.booked_by_others(NOON + HOUR)
    world.graph.calls.clear()
    world.run()
    assert len(world.graph.calls) == 2


def test_a_business_off_the_allow_list_is_not_read(world: FollowedWorld) -> None:
    """Nor is what waits delivered; both go on once it is allowed again."""
    made = world.booked_by_others(NOON)
    world.time += QUARTER
    world.appointment_poll.run()
    world.forbid()
    world.graph.calls.clear()
    world.send()
    world.run()
    assert (world.delivered, world.graph.calls) == ([], [])
    world.allow_again()
    world.run()
    assert world.delivered == [("created", made)]


def test_a_business_that_is_not_followed_any_more_is_forgotten(world: FollowedWorld) -> None:
    """Its rows end, and nothing more is told."""
    world.booked_by_others(NOON)
    world.run()
    world.unfollow()
    world.run()
    assert [kind for kind, _ in world.delivered] == ["created"]
    assert not world.appointment_rows.rows


def test_without_the_setting_nothing_is_read() -> None:
    """The deliveries are off unless asked for."""
    world = FollowedWorld(BOOKINGS_DELIVERIES="")
    world.booked_by_others(NOON)
    world.run()
    assert (world.graph.calls, world.delivered, dict(world.appointment_rows.rows)) == ([], [], {})
    world.end()


def test_a_burst_is_read_in_parts(world: FollowedWorld) -> None:
    """No run reads more than a hundred appointments by id; the latest come first, and the rest follows."""
    made = [world.booked_by_others(NOON + number * timedelta(minutes=1)) for number in range(130)]
    world.graph.calls.clear()
    world.run()
    assert len([call for call in world.graph.calls if "appointments/" in call]) == 100
    assert len(world.delivered) == 100
    world.run()
    assert sorted(each for _, each in world.delivered) == sorted(made)


def test_a_broken_business_does_not_keep_the_others() -> None:
    """It is noted, and the other is read and told."""
    world = FollowedWorld(baseline=False, BOOKINGS_DELIVERIES=f"away@contoso.com,{ADDRESS}")
    world.run()
    made = world.booked_by_others(NOON)
    world.run()
    assert world.delivered == [("created", made)]
    assert {each.business: bool(each.error) for each in world.followed_businesses.all()} == {
        ADDRESS: False, "away@contoso.com": True
    }  # fmt: skip
    world.end()
