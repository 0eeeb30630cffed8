"""Claims about rights that are lost: which rows are held, and when nobody calls any more."""

from __future__ import annotations

import pytest

from shared.dataverse.flow.hints import Hints, written
from shared.storage.watches import watch_id_of
from tests.support.booking_edits import exchange, is_in_step
from tests.support.dataverse_world import APP, KARI, OLA
from tests.support.event_edits import hint, move_event
from tests.support.pair_edits import tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
WRITE = "prvWriteBookableResourceBooking"
OWNERS = ("user:dispatcher", "user:technician", "user:fieldservice")
PAUSE = 301  # seconds


def owned(world: PairsWorld, number: int) -> list[str]:
    """Make three bookings of so many owners, and let a person move their events, whose ids are returned."""
    for each in range(3):
        owner = world.dataverse.id_of(OWNERS[each % number])
        world.dataverse.book(hours=30 + 5 * each, **{"ownerid@odata.bind": f"/systemusers({owner})"})
    exchange(world)
    events = [str(event["id"]) for event in world.calendar()]
    for each, event in enumerate(events):
        move_event(world, event, 100 + 5 * each)
    return events


def attempt(world: PairsWorld, event: str) -> None:
    """Process a message about one event; what it queues again waits."""
    (text,) = written(Hints(hinted_at=world.now(), events=((watch_id_of(OLA), event),)))
    world.pair_settling.process(text)


@pytest.mark.parametrize(("owners", "opens"), [(3, True), (2, False)])
def test_rows_of_three_owners_in_a_row_open_the_breaker(world: PairsWorld, owners: int, opens: bool) -> None:  # noqa: FBT001
    """Fewer owners may be a right that reaches some rows only: the others go on."""
    events = owned(world, owners)
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full", "without": [WRITE]})
    for event in events:
        attempt(world, event)
    assert (world.dynamics_breaker.until() is not None) is opens
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full"})
    tick(world, PAUSE)
    world.empty_queue()
    assert is_in_step(world)


def test_a_write_between_refusals_closes_the_count(world: PairsWorld) -> None:
    """Two owners, a write, another owner: no pause."""
    events = owned(world, 3)
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full", "without": [WRITE]})
    for event in events[:2]:
        attempt(world, event)
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full"})
    attempt(world, events[0])
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full", "without": [WRITE]})
    attempt(world, events[2])
    assert world.dynamics_breaker.until() is None


def test_without_an_application_user_nobody_calls(world: PairsWorld) -> None:
    """WhoAmI is refused: the hints wait and are no dead letters; everything goes on once the user is back."""
    world.dataverse.book(hours=30, resource=KARI)
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": None})
    tick(world, 120)
    world.event_changes.run()
    for _ in range(30):
        wait, text = world.queue.take()
        tick(world, wait)
        world.pair_settling.process(text)
    assert world.dynamics_breaker.until() is not None
    assert world.pair_dead_letters.count() == 0
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full"})
    tick(world, PAUSE)
    world.empty_queue()
    assert is_in_step(world, KARI)


def test_a_pair_that_was_held_is_not_held_once_it_can_be_written(world: PairsWorld) -> None:
    """The next look tries it again by itself."""
    events = owned(world, 1)
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full", "without": [WRITE]})
    attempt(world, events[0])
    assert len(world.pairs_in("held")) == 1
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full"})
    hint(world, *events)
    assert world.pairs_in("held") == []
    assert is_in_step(world)
