"""Claims about what the relay does on the watches, room lists and bookings that it finds from before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import RequestRejected
from shared.messages import Job
from shared.resync.catch_up import catch_up_after_absence, queue_owed_resyncs
from shared.scheduling.book import SlotTaken, book
from shared.scheduling.change_booking import read_booking_of
from shared.scheduling.cleanup import settle_all
from shared.storage.watches import watch_id_of
from shared.subscriptions.room_lists import match_room_lists
from tests.support.booking_world import AGENT
from tests.support.world import MAILBOX, WATCH_ID
from tests.unit.storage.world_of_before import WorldOfBefore, world

__all__ = ["world"]  # a fixture, which pytest finds by its name


def test_a_live_watch_of_before_is_renewed(world: WorldOfBefore) -> None:
    """By one PATCH of the subscription that it had; of the row nothing else changes."""
    before = world.watches.get(WATCH_ID)
    assert before is not None
    after = world.keeper.renew(before)
    assert after is not None
    assert world.subscriptions.calls == ["renew"]
    assert after.expires == world.subscriptions.standing["s-1"].expires > (before.expires or world.time)
    assert (after.renewed, after.subscription_id, after.since) == (world.time, "s-1", before.since)
    assert (after.key_version, after.user_id, after.last_change) == ("v1", "user", before.last_change)


def test_the_client_state_of_before_is_known(world: WorldOfBefore) -> None:
    """The watch's id and the name of its key make the text that the subscription was made with."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (world.keeper.client_state(watch) or "").startswith(f"v1.{WATCH_ID}.")


def test_who_makes_a_subscription_since_before_is_left_alone(world: WorldOfBefore) -> None:
    """For a minute from 10:10:00 on; then it is made by who comes, and the gap and the former one are remembered."""
    watch = world.watches.get(watch_id_of("room6@contoso.com"))
    assert watch is not None
    world.time = (watch.pending_since or world.time) + timedelta(seconds=59)
    assert world.keeper.anew(watch) == watch
    assert world.subscriptions.calls == []
    world.pass_by(2)
    made = world.keeper.anew(watch)
    assert made is not None
    assert (made.state, made.gap_since, made.former_id) == ("live", watch.gap_since, "s-4")


def test_a_resync_owed_before_is_queued(world: WorldOfBefore) -> None:
    """To the live room whose changes passed it by, and then it is owed no more."""
    queue_owed_resyncs(world)  # type: ignore[arg-type]  # a fake
    assert world.repairs.take_repairs() == [Job(watch_id_of("room8@contoso.com"), "resync")]
    queue_owed_resyncs(world)  # type: ignore[arg-type]  # a fake
    assert world.repairs.take_repairs() == []


def test_the_heartbeat_of_before_tells_how_long_the_relay_was_away(world: WorldOfBefore) -> None:
    """A short absence calls for nothing, a long one for a resync of the rooms that can be read: 1, 6, 7, 8 and 9."""
    catch_up_after_absence(world)  # type: ignore[arg-type]  # a fake
    assert world.repairs.take_repairs() == []
    world.pass_by(4 * 3600)
    catch_up_after_absence(world)  # type: ignore[arg-type]  # a fake
    rooms = {watch_id_of(f"room{number}@contoso.com") for number in (1, 6, 7, 8, 9)}
    assert {one.watch_id for one in world.repairs.take_repairs()} == rooms


def test_a_room_list_of_before_is_emptied_after_its_time(world: WorldOfBefore) -> None:
    """Empty since 10:18: at 10:33 its room still belongs to it, from 10:38:03 on no more."""
    world.rooms.by_list = {f"floor{number}@contoso.com": ["room7@contoso.com"] for number in (1, 3)}
    world.rooms.by_list["floor2@contoso.com"] = []

    def lists() -> int:
        match_room_lists(world)  # type: ignore[arg-type]  # a fake
        room = world.watches.get(watch_id_of("room7@contoso.com"))
        return len(room.room_lists.split()) if room else 0

    assert lists() == 3
    world.pass_by(304)
    assert lists() == 2


@pytest.mark.parametrize(("hour", "minute"), [(11, 30), (14, 0), (13, 0), (14, 30), (12, 30), (10, 30)])
def test_a_booking_of_before_holds_its_times(world: WorldOfBefore, hour: int, minute: int) -> None:
    """Booked, moving (both times), ending or claimed, whatever the calendar shows."""
    with pytest.raises(SlotTaken):
        book(world, world.wish(world.slot(hour, minute, 15)))  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize(("hour", "minute"), [(13, 30), (12, 0)])
def test_an_ended_or_moved_booking_of_before_holds_nothing(world: WorldOfBefore, hour: int, minute: int) -> None:
    """Its time is anybody's."""
    assert book(world, world.wish(world.slot(hour, minute, 15)))[1]  # type: ignore[arg-type]  # a fake


def test_a_booking_of_before_is_read_with_its_event(world: WorldOfBefore) -> None:
    """By the event's id of then."""
    slot = world.slot(11, 30, 15)
    world.calendars.put(AGENT, slot.start, slot.end, "bef00000-0000-4000-8000-00000000000e")
    found = read_booking_of(world, AGENT, f"{0xBC3:032x}")  # type: ignore[arg-type]  # a fake
    assert (found.booking.start, found.event["id"]) == (slot.start, "E1")


def test_what_was_left_half_done_before_is_settled(world: WorldOfBefore) -> None:
    """Claimed, moving, ending and ended: after ten minutes and ten more only the two that are booked have rows."""
    for _ in range(2):
        world.pass_by(601)
        settle_all(world)  # type: ignore[arg-type]  # a fake
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
