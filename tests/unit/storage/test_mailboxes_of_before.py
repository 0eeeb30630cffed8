"""The relay continues with the watches, room lists and bookings that the code before the restructure stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.bookings.business_lock import ACQUIRE_DELAYS, LOCK_TIME
from shared.errors import RequestRejected
from shared.scheduling.conflicts import SlotTaken
from shared.storage.leases import observed_after
from shared.storage.watches import ABANDONED, watch_id_of
from tests.support.booking_world import AGENT
from tests.support.world import WATCH_ID
from tests.unit.storage.world_of_before import WorldOfBefore, world

__all__ = ["world"]  # a fixture, which pytest finds by its name


def test_a_live_watch_of_before_is_renewed(world: WorldOfBefore) -> None:
    """One PATCH renews its subscription; nothing else in the row changes."""
    before = world.watches.get(WATCH_ID)
    assert before is not None
    after = world.subscription_service.renew(before)
    assert after is not None
    assert world.subscriptions.calls == ["renew"]
    assert after.expires == world.subscriptions.existing["s-1"].expires > (before.expires or world.time)
    assert (after.renewed, after.subscription_id, after.since) == (world.time, "s-1", before.since)
    assert (after.key_version, after.user_id, after.last_change) == ("v1", "user", before.last_change)


def test_the_client_state_of_before_is_recognized(world: WorldOfBefore) -> None:
    """The watch's id and the version of its key give the text that the subscription was created with."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (world.subscription_service.client_state(watch) or "").startswith(f"v1.{WATCH_ID}.")


def test_a_setup_of_before_is_left_alone_for_its_time(world: WorldOfBefore) -> None:
    """Counted from 10:10:00; then the next caller creates the subscription, and the gap and the old subscription are
    recorded.
    """
    watch = world.watches.get(watch_id_of("room6@contoso.com"))
    assert watch is not None
    world.time = (watch.pending_since or world.time) + ABANDONED - timedelta(seconds=1)
    assert world.creation.recreate(watch) == watch
    assert world.subscriptions.calls == []
    world.pass_by(2)
    made = world.creation.recreate(watch)
    assert made is not None
    assert (made.state, made.gap_since, made.former_id) == ("live", watch.gap_since, "s-4")


def test_a_resync_needed_before_is_queued(world: WorldOfBefore) -> None:
    """It is queued for the live room with a gap, and the mark is removed."""
    for jobs in ([(watch_id_of("room8@contoso.com"), "resync")], []):
        watch = world.watches.get(watch_id_of("room8@contoso.com"))
        assert watch is not None
        world.catch_up.queue_pending_resync(watch)
        assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == jobs


def test_the_heartbeat_of_before_gives_the_length_of_an_absence(world: WorldOfBefore) -> None:
    """A short absence queues nothing, a long one a resync of each readable room: 1, 6, 7, 8 and 9."""
    world.catch_up.catch_up_after_absence()
    assert world.jobs.take_jobs() == []
    world.pass_by(4 * 3600)
    world.catch_up.catch_up_after_absence()
    rooms = {watch_id_of(f"room{number}@contoso.com") for number in (1, 6, 7, 8, 9)}
    assert {one.watch_id for one in world.jobs.take_jobs()} == rooms


def test_a_room_list_of_before_is_emptied_after_its_time(world: WorldOfBefore) -> None:
    """It is empty since 10:18: at 10:33 its room is still a member, from 10:38:03 on it is not."""
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
    """Its time is free."""
    assert world.slot_booker.book(world.new_booking(world.slot(hour, minute, 15)))[1]


def test_a_booking_of_before_is_read_with_its_event(world: WorldOfBefore) -> None:
    """The event is read by the stored id."""
    slot = world.slot(11, 30, 15)
    world.graph_calendars.put(AGENT, slot.start, slot.end, "bef00000-0000-4000-8000-00000000000e")
    booked = world.booking_changer.read(AGENT, f"{0xBC3:032x}")
    assert (booked.booking.start, booked.event["id"]) == (slot.start, "E1")


def test_unfinished_bookings_of_before_are_resolved(world: WorldOfBefore) -> None:
    """Claimed, moving, ending and ended: after twice ten minutes only the two booked ones have rows."""
    for _ in range(2):
        world.pass_by(601)
        world.booking_cleanup.resolve_all()
    left = {row["state"] for row in world.slot_rows.rows.values() if "state" in row}
    assert left == {"booked"}


def test_two_leases_of_before_hold(world: WorldOfBefore) -> None:
    """Until this version has itself seen them unchanged for their whole length and ten seconds."""
    waited = sum(ACQUIRE_DELAYS)
    for seconds in (LOCK_TIME.total_seconds() - waited, 0):
        with pytest.raises(RequestRejected), world.business_lock.hold("haircut@contoso.com"):
            pass
        world.pass_by(seconds)
    with world.business_lock.hold("haircut@contoso.com"):
        assert waited > observed_after(LOCK_TIME) - LOCK_TIME.total_seconds() - waited > 0
