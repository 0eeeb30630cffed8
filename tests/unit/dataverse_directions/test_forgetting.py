"""Claims about `forget` of a person whose visits and appointments are in step: nothing is written, nothing doubled."""

from __future__ import annotations

from typing import Any

import pytest

from shared.storage.watches import watch_id_of
from tests.support.booking_edits import exchange, is_in_step, live, rows
from tests.support.dataverse_world import BOOKINGS, KARI, OLA
from tests.support.event_edits import add_event
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server


def text_of_rows(world: PairsWorld) -> str:
    """Return the table of pairs as one text."""
    return str([(key, dict(row)) for key, row in world.pair_rows.rows.items()])


def resource(world: PairsWorld, mailbox: str) -> str:
    """Return a resource's id."""
    return world.dataverse.id_of(f"resource:{mailbox}")


def mark(world: PairsWorld, mailbox: str, *, marked: bool) -> None:
    """Mark a resource, or take its mark off, and let the relay see it."""
    body = {"new_calendarrelay": marked}
    world.dataverse.control("PATCH", f"/rows/bookableresources/{resource(world, mailbox)}", body)
    world.follow_on()


def with_both(world: PairsWorld) -> None:
    """Give Ola and Kari a visit and an appointment each, and hand one of Ola's visits over to Kari."""
    for mailbox in (OLA, KARI):
        world.dataverse.book(resource=mailbox, hours=24)
        add_event(world, 60, mailbox=mailbox)
    handed = world.dataverse.book(hours=40)
    exchange(world)
    bind = {"Resource@odata.bind": f"/bookableresources({resource(world, KARI)})"}
    world.dataverse.control("PATCH", f"/rows/{BOOKINGS}/{handed}", bind)
    exchange(world)
    assert (len(live(world, OLA)), len(live(world, KARI))) == (2, 3)
    assert is_in_step(world, OLA)
    assert is_in_step(world, KARI)


def state(world: PairsWorld) -> list[Any]:
    """Return both sides of both people."""
    return [each(world, mailbox) for each in (live, PairsWorld.times) for mailbox in (OLA, KARI)]


def test_forgetting_writes_to_neither_side(world: PairsWorld) -> None:
    """No row names her any more, also not those of a visit that went on to somebody else; her calendar is as it was."""
    with_both(world)
    before = state(world)
    mark(world, OLA, marked=False)
    world.forget_calls()
    assert watch_id_of(OLA) in text_of_rows(world)
    counts = world.mailbox_forgetting.forget(OLA, "it").counts
    assert counts["pairs"] == 2
    assert (world.to_graph.writes, world.to_dynamics.writes) == ([], [])
    assert watch_id_of(OLA) not in text_of_rows(world)
    assert OLA not in text_of_rows(world)
    bring_others_into_step(world)
    assert state(world) == before
    assert world.to_graph.writes + world.to_dynamics.writes == []


def bring_others_into_step(world: PairsWorld) -> None:
    """Let Dataverse and Kari's calendar tell, as often as they do, and compare Kari's resource."""
    for _ in range(2):
        world.follow_on()
        world.notify(KARI)
    world.event_changes.run()
    world.empty_queue()


def test_the_others_go_on(world: PairsWorld) -> None:
    """The visit that came from her moves with its event."""
    with_both(world)
    mark(world, OLA, marked=False)
    world.mailbox_forgetting.forget(OLA, "it")
    handed = rows(world, KARI)[1]["bookableresourcebookingid"]
    world.move(handed, hours=100)
    bring_others_into_step(world)
    assert is_in_step(world, KARI)


def test_a_resource_that_is_marked_again_gets_nothing_twice(world: PairsWorld) -> None:
    """Visits are led by the marks of their events, and appointments by ids that are derived from them."""
    with_both(world)
    before = state(world)
    mark(world, OLA, marked=False)
    world.mailbox_forgetting.forget(OLA, "it")
    mark(world, OLA, marked=True)
    exchange(world, rounds=3)
    world.event_changes.run()
    world.empty_queue()
    assert state(world) == before
    born = {pair.born for pair in world.pairs.all() if pair.mailbox_watch == watch_id_of(OLA)}
    assert born == {"dataverse", "outlook"}
    assert is_in_step(world, OLA)


def test_a_person_still_followed_is_forgotten_without_doubles(world: PairsWorld) -> None:
    """The next reading begins anew."""
    with_both(world)
    before = state(world)
    world.mailbox_forgetting.forget(OLA, "it")
    exchange(world, rounds=3)
    assert state(world) == before
    assert is_in_step(world, OLA)
