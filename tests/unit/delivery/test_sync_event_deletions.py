"""Claims about the hint of a deletion: whoever read the event meanwhile without doubting it does not cover it.

Graph may find a deleted event among the deleted items, so only a reading that asks the calendar, too, is an answer.
"""

from __future__ import annotations

import pytest

from shared.messages import ChangeMessage
from shared.storage.partner_endpoint import EndpointState
from tests.support.world import REFUSED, World, event


@pytest.fixture(autouse=True)
def told(world: World) -> None:
    """The partner knows the event; minutes have passed."""
    world.watch()
    world.events.by_id["E"] = event()
    after(world, 12, world.hint())
    world.pass_by(100)
    world.webhook.taken.clear()
    world.events.reads.clear()


def after(world: World, seconds: float, message: ChangeMessage) -> dict[str, int]:
    """Deliver a message when some time has passed."""
    world.pass_by(seconds)
    return dict(world.delivery.deliver(message))


def put_into_deleted_items(world: World, *event_ids: str) -> None:
    """Delete events as Outlook does."""
    world.events.by_id["E"] = event(etag="2")
    world.events.deleted_items |= {"E", *event_ids}


def work_off(world: World) -> None:
    """Deliver all that is on the queue."""
    while waiting := world.changes.take():
        for message, delay in waiting:
            after(world, delay, message)


def test_a_change_and_a_deletion_in_one_burst_end_with_the_deletion(world: World) -> None:
    """The reading for the change came after both hints, but did not doubt what it found."""
    changed = world.hint()
    world.pass_by(5)
    put_into_deleted_items(world)
    deleted = world.hint(deleted=True)
    after(world, 6, changed)
    assert after(world, 5, deleted) == {"told": 1}
    assert world.webhook.news[-1] == ("deleted", "E")


def test_a_burst_of_deletions_still_costs_one_reading(world: World) -> None:
    """Graph hints two to four times; of an event that was restored meanwhile, too."""
    hints = [world.hint(deleted=True) for _ in range(3)]
    world.pass_by(12)
    assert [after(world, 0, one) for one in hints] == [{"no-news": 1}, {"covered": 1}, {"covered": 1}]
    assert world.events.reads == ["E"]


def test_a_try_that_failed_does_not_cover_a_deletion(world: World) -> None:
    """The partner was down while it was deleted: the chain of tries for the older change would find it still there."""
    world.webhook.failure = REFUSED
    world.events.by_id["E"] = event(etag="2")
    after(world, 12, world.hint())
    ((chain, _),) = world.changes.take()
    put_into_deleted_items(world)
    deleted = world.hint(deleted=True)
    after(world, 12, chain)
    assert after(world, 2, deleted) == {"put-back": 1}
    world.webhook.failure = None
    work_off(world)
    assert world.webhook.news == [("deleted", "E")]


def test_a_deletion_that_waits_is_not_superseded_by_a_change(world: World) -> None:
    """A late hint of the change is told by a reading that did not doubt; the deletion's next try puts it right."""
    put_into_deleted_items(world)
    world.webhook.failure = REFUSED
    after(world, 12, world.hint(deleted=True))
    ((chain, _),) = world.changes.take()
    world.webhook.failure = None
    after(world, 12, world.hint())
    after(world, 12, chain)
    assert world.webhook.news[-1] == ("deleted", "E")


def test_deletions_that_fail_are_one_chain(world: World) -> None:
    """However often Graph hinted: a try for each would hammer a partner who is down."""
    world.webhook.failure = REFUSED
    put_into_deleted_items(world)
    hints = [world.hint(deleted=True) for _ in range(3)]
    world.pass_by(12)
    assert [after(world, 0, one) for one in hints] == [{"put-back": 1}, {"covered": 1}, {"covered": 1}]


def test_a_parked_deletion_is_not_forgotten(world: World) -> None:
    """Another hint of the same event is parked after it."""
    world.breaker.transition(EndpointState.PAUSED, "test")
    world.pass_by(2)
    put_into_deleted_items(world)
    hints = [world.hint(deleted=True), world.hint()]
    world.pass_by(12)
    for one in hints:
        assert set(after(world, 0, one)) == {"parked"}
    world.breaker.transition(EndpointState.FLOWING, "test")
    world.recovery.drain()
    work_off(world)
    assert world.webhook.news == [("deleted", "E")]


def test_a_series_among_the_deleted_items_is_deleted(world: World) -> None:
    """Its master is still found, but the calendar shows none of its occurrences; a late hint brings none back."""
    tell_series(world)
    put_into_deleted_items(world, "M", "O1", "O2")
    for deleted in (True, False):
        after(world, 100, world.hint("M", deleted=deleted))
        work_off(world)
    assert sorted(world.webhook.news) == [("deleted", "O1"), ("deleted", "O2")]


def test_a_series_that_was_restored_stands(world: World) -> None:
    """Whether its deletion was told already or not."""
    tell_series(world)
    after(world, 100, world.hint("M", deleted=True))
    work_off(world)
    assert world.webhook.news == []
    put_into_deleted_items(world, "M", "O1", "O2")
    after(world, 100, world.hint("M", deleted=True))
    work_off(world)
    world.events.deleted_items.clear()
    after(world, 100, world.hint("M"))
    work_off(world)
    assert sorted(world.webhook.news[2:]) == [("created", "O1"), ("created", "O2")]


def test_a_deleted_series_without_occurrences_in_the_window_is_gone(world: World) -> None:
    """Graph may not list the occurrences of a deleted series at all; each that the partner knows is looked for."""
    tell_series(world)
    put_into_deleted_items(world, "M", "O1")
    world.events.of_master["M"] = []
    after(world, 100, world.hint("M", deleted=True))
    work_off(world)
    assert world.webhook.news == [("deleted", "O1")]


def tell_series(world: World) -> None:
    """Let the partner know a series of two occurrences."""
    days = [event(f"O{number}", seriesMasterId="M", type="occurrence") for number in (1, 2)]
    world.events.by_id |= {"M": event("M", type="seriesMaster"), "O1": days[0], "O2": days[1]}
    world.events.of_master["M"] = days
    after(world, 12, world.hint("M"))
    work_off(world)
    world.webhook.taken.clear()
