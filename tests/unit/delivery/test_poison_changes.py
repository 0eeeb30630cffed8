"""A dead letter of a message that the host gave up on goes away once a later state is delivered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import GraphNotFound, ServiceUnavailable
from shared.messages import write_changes
from shared.reliability.retry_schedule import is_exhausted
from shared.storage.parked import DEAD
from tests.support.due_messages import DueMessages
from tests.support.world import World, event

LAST = next(attempt for attempt in range(100) if is_exhausted(attempt))


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the queues of a world whose room is watched."""
    world.watch()
    return DueMessages(world)


def poison(world: World, *event_ids: str) -> None:
    """Give up on a message of changes at its last attempt."""
    (text,) = write_changes(replace(world.hint(*event_ids), attempt=LAST))
    world.poison_messages.keep_changes(text)


def dead(world: World) -> set[str]:
    """Return the events that have a dead letter."""
    return {letter.event_id for letter in world.parked.page(DEAD, 10)}


@pytest.mark.parametrize("is_delivered", [False, True])
def test_it_goes_with_the_next_delivery(world: World, queues: DueMessages, *, is_delivered: bool) -> None:
    """Those of other events stay."""
    world.events.by_id |= {"E": event(), "F": event("F")}
    if is_delivered:
        queues.notify()
        queues.play(timedelta(minutes=1))
    poison(world, "E", "F")
    assert (dead(world), world.entry().is_dead_lettered) == ({"E", "F"}, True)
    world.events.by_id["E"] = event(etag="2")
    queues.notify()
    queues.play(timedelta(minutes=1))
    assert (dead(world), world.entry().is_dead_lettered) == ({"F"}, False)
    assert world.webhook.news[-1] == ("updated" if is_delivered else "created", "E")


def test_it_goes_with_a_reading_that_finds_nothing_new(world: World, queues: DueMessages) -> None:
    """The partner has the state already."""
    world.events.by_id["E"] = event()
    queues.notify()
    queues.play(timedelta(minutes=1))
    poison(world, "E")
    queues.notify()
    queues.play(timedelta(minutes=1))
    assert (dead(world), len(world.webhook.taken)) == (set(), 1)


def test_it_stays_until_a_missing_event_is_looked_at_again(world: World, queues: DueMessages) -> None:
    """A single 404 does not settle what became of the event."""
    world.events.by_id["E"] = event()
    queues.notify()
    queues.play(timedelta(minutes=1))
    poison(world, "E")
    world.events.by_id["E"] = GraphNotFound(404, "ErrorItemNotFound")
    queues.notify()
    queues.play(timedelta(minutes=0.5))
    assert dead(world) == {"E"}
    queues.play(timedelta(minutes=2))
    assert (dead(world), world.webhook.news[-1]) == (set(), ("deleted", "E"))


def test_the_event_is_marked_while_another_worker_holds_it(world: World) -> None:
    """That worker's write then fails, so its delivery is made again, and the mark stays."""
    (claim,) = world.ledger.claim([world.entry()])
    assert claim is not None
    poison(world, "E")
    assert (world.entry().is_dead_lettered, world.entry().claimed_until) == (True, claim.claimed_until)


def test_there_is_no_dead_letter_without_its_mark(world: World) -> None:
    """Storage fails at the mark: the message stays with the host, and nothing would delete the dead letter later."""
    (text,) = write_changes(replace(world.hint(), attempt=LAST))
    world.ledger_rows.failing = 1
    with pytest.raises(ServiceUnavailable):
        world.poison_messages.keep_changes(text)
    assert dead(world) == set()
