"""Claims about copies, restored events, and events of Microsoft's own sync."""

from __future__ import annotations

import pytest

from tests.support.dataverse_world import OLA
from tests.support.event_edits import (
    add_event,
    booking_ids,
    bookings,
    change_event,
    event_times,
    hint,
    live_times,
    move_event,
    times_of,
)
from tests.support.pair_edits import linked, on_event, tick
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server
FOUR_MINUTES = 240


def copied(world: PairsWorld, event: str, hours: float | None = None, **more: object) -> str:
    """Copy an event, with its mark, and return the copy's id."""
    body = {**(times_of(world, hours) if hours is not None else {}), **more}
    return str(on_event(world, OLA, event, "copy", body)["immutableId"])


@pytest.fixture
def event(world: PairsWorld) -> str:
    """Return the id of the event of a dispatcher's booking."""
    world.dataverse.book()
    world.follow_on()
    return str(world.calendar()[0]["id"])


@pytest.mark.parametrize("is_notified", [True, False], ids=["notified", "compared"])
def test_a_copy_to_another_day_has_a_booking_of_its_own(world: PairsWorld, event: str, is_notified: bool) -> None:  # noqa: FBT001
    """The first one is untouched; each follows its own event from now on."""
    copy = copied(world, event, 48)
    if is_notified:
        hint(world, copy)
    else:
        world.event_changes.run()
        world.empty_queue()
    assert live_times(world) == event_times(world)
    assert len(bookings(world)) == 2
    move_event(world, copy, 72)
    move_event(world, event, 26)
    hint(world, copy, event)
    assert live_times(world) == event_times(world)
    assert len(bookings(world)) == 2


def test_a_copy_at_the_same_times_has_none_until_it_differs(world: PairsWorld, event: str) -> None:
    """Outlook shows it twice, but nobody works twice."""
    copy = copied(world, event)
    hint(world, copy, event)
    assert len(bookings(world)) == 1
    move_event(world, copy, 50)
    hint(world, copy)
    assert len(bookings(world)) == 2
    assert live_times(world) == event_times(world)


def test_a_copy_of_a_persons_own_event_has_a_booking(world: PairsWorld) -> None:
    """It has no mark: each event of hers is one of its own."""
    event = add_event(world)
    hint(world, event)
    hint(world, copied(world, event))
    assert live_times(world) == event_times(world)
    assert len(bookings(world)) == 2


@pytest.mark.parametrize("is_canceled_by_person", [False, True], ids=["by-the-relay", "by-a-person"])
def test_a_restored_event_has_its_booking_again(world: PairsWorld, is_canceled_by_person: bool) -> None:  # noqa: FBT001
    """The same row, if the relay canceled it and nobody changed it since."""
    event = add_event(world)
    hint(world, event)
    on_event(world, OLA, event, "softDelete")
    tick(world, FOUR_MINUTES)
    hint(world, event)
    assert (len(bookings(world)), live_times(world)) == (1, [])
    if is_canceled_by_person:
        world.move(booking_ids(world)[0], 60)
    on_event(world, OLA, event, "restore")
    tick(world, FOUR_MINUTES)
    hint(world, event)
    assert len(bookings(world)) == 1
    assert live_times(world) == ([] if is_canceled_by_person else event_times(world))


def test_an_event_of_microsofts_sync_has_no_booking_also_without_its_tag(world: PairsWorld) -> None:
    """One setting of the organization takes the tags off everywhere."""
    tagged = add_event(world, categories=["Tracked to Dynamics 365"])
    hint(world, tagged)
    change_event(world, tagged, categories=[])
    hint(world, tagged)
    world.event_changes.run()
    world.empty_queue()
    assert bookings(world) == []


def test_tags_without_a_notification_are_stored_at_night(world: PairsWorld) -> None:
    """The comparison notes each tagged event."""
    tagged = add_event(world, categories=["Tracked to Dynamics 365"])
    world.event_changes.run()
    world.empty_queue()
    change_event(world, tagged, categories=[])
    hint(world, tagged)
    assert bookings(world) == []


def test_the_relays_own_events_have_no_second_booking(world: PairsWorld) -> None:
    """Neither when they are notified nor when they are compared, also of a work order."""
    linked(world)
    world.dataverse.book(hours=30)
    world.follow_on()
    world.notify()
    world.event_changes.run()
    world.empty_queue()
    assert len(bookings(world)) == 2
