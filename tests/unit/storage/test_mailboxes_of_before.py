"""Claims about what the relay does on the watches, room lists and bookings that it finds from before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import RequestRejected
from shared.messages import Job
from shared.scheduling.conflicts import SlotTaken
from shared.storage.watches import watch_id_of
from tests.support.booking_world import AGENT
from tests.support.world import MAILBOX, WATCH_ID
from tests.unit.storage.world_of_before import WorldOfBefore, world

__all__ = ["world"]  # a fixture, which pytest finds by its name


def test_a_live_watch_of_before_is_renewed(world: WorldOfBefore) -> None:
    """By one PATCH of the subscription that it had; of the row nothing else changes."""
    before = world.watches.get(WATCH_ID)
    assert before is not None
    after = world.subscription_service.renew(before)
    assert after is not None
    assert world.subscriptions.calls == ["renew"]
    assert after.expires == world.subscriptions.standing["s-1"].expires > (before.expires or world.time)
    assert (after.renewed, after.subscription_id, after.since) == (world.time, "s-1", before.since)
    assert (after.key_version, after.user_id, after.last_change) == ("v1", "user", before.last_change)


def test_the_client_state_of_before_is_known(world: WorldOfBefore) -> None:
    """The watch's id and the name of its key make the text that the subscription was made with."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (world.subscription_service.client_state(watch) or "").startswith(f"v1.{WATCH_ID}.")


def test_who_makes_a_subscription_since_before_is_left_alone(world: WorldOfBefore) -> None:
    """For a minute from 10:10:00 on; then it is made by who comes, and the gap and the former one are remembered."""
    watch = world.watches.get(watch_id_of("room6@contoso.com"))
    assert watch is not None
    world.time = (watch.pending_since or world.time) + timedelta(seconds=59)
    assert world.subscription_service.recreate(watch) == watch
    assert world.subscriptions.calls == []
    world.pass_by(2)
    made = world.subscription_service.recreate(watch)
    assert made is not None
    assert (made.state, made.gap_since, made.former_id) == ("live", watch.gap_since, "s-4")


def test_a_resync_owed_before_is_queued(world: WorldOfBefore) -> None:
    """To the live room whose changes passed it by, and then it is owed no more."""
    world.catch_up.queue_pending_resyncs()
    assert world.jobs.take_jobs() == [Job(watch_id_of("room8@contoso.com"), "resync")]
    world.catch_up.queue_pending_resyncs()
    assert world.jobs.take_jobs() == []


def test_the_heartbeat_of_before_tells_how_long_the_relay_was_away(world: WorldOfBefore) -> None:
    """A short absence calls for nothing, a long one for a resync of the rooms that can be read: 1, 6, 7, 8 and 9."""
    world.catch_up.catch_up_after_absence()
    assert world.jobs.take_jobs() == []
    world.pass_by(4 * 3600)
    world.catch_up.catch_up_after_absence()
    rooms = {watch_id_of(f"room{number}@contoso.com") for number in (1, 6, 7, 8, 9)}
    assert {one.watch_id for one in world.jobs.take_jobs()} == rooms


def test_a_room_list_of_before_is_emptied_after_its_time(world: WorldOfBefore) -> None:
    """Empty since 10:18: at 10:33 its room still belongs to it, from 10:38:03 on no more."""
    world.rooms.by_list = {f"floor{number}@contoso.com": ["room7@contoso.com"] for number in (1, 3)}
    world.rooms.by_list["floor2@contoso.com"] = []

    def lists() -> int:
        world.room_list_service.match_room_lists()
        room = world.watches.get(watch_id_of("room7@contoso.com"))
        return len(room.room_lists.split()) if room else 0

    assert lists() == 3
    world.pass_by(304)
    assert lists() == 2


@pytest.mark.parametrize(("hour", "minute"), [(11, 30), (14, 0), (13, 0), (14, 30), (12, 30), (10, 30)])
def test_a_booking_of_before_holds_its_times(world: WorldOfBefore, hour: int, minute: int) -> None:
    """Booked, moving (both times), ending or claimed, whatever the calendar shows."""
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking(world.slot(hour, minute, 15)))


@pytest.mark.parametrize(("hour", "minute"), [(13, 30), (12, 0)])
def test_an_ended_or_moved_booking_of_before_holds_nothing(world: WorldOfBefore, hour: int, minute: int) -> None:
    """Its time is anybody's."""
    assert world.slot_booker.book(world.new_booking(world.slot(hour, minute, 15)))[1]


def test_a_booking_of_before_is_read_with_its_event(world: WorldOfBefore) -> None:
    """By the event's id of then."""
    slot = world.slot(11, 30, 15)
    world.calendars.put(AGENT, slot.start, slot.end, "bef00000-0000-4000-8000-00000000000e")
    booked = world.booking_changer.read(AGENT, f"{0xBC3:032x}")
    assert (booked.booking.start, booked.event["id"]) == (slot.start, "E1")


def test_what_was_left_half_done_before_is_settled(world: WorldOfBefore) -> None:
    """Claimed, moving, ending and ended: after ten minutes and ten more only the two that are booked have rows."""
    for _ in range(2):
        world.pass_by(601)
        world.booking_cleanup.resolve_all()
    left = {row["state"] for row in world.slot_rows.rows.values() if "state" in row}
    assert left == {"booked"}


def test_an_attempt_and_a_turn_of_before_hold(world: WorldOfBefore) -> None:
    """Until 10:39:54."""
    with pytest.raises(RequestRejected), world.business_lock.hold("haircut@contoso.com"):
        pass
    until = world.time + timedelta(minutes=1)
    assert world.leases._acquire("a" * 32, world.time, until) is None
    world.pass_by(420)
    assert world.leases._acquire("a" * 32, world.time, world.time + timedelta(minutes=1)) is not None
    with world.business_lock.hold("haircut@contoso.com"):
        assert world.watches.get(watch_id_of(MAILBOX)) is not None
