"""Notifications of a deletion: only a read that also checks the calendar view covers them.

A plain GET returns an event among the deleted items, too.
"""

from __future__ import annotations

import pytest

from shared.messages import ChangeMessage
from shared.storage.partner_endpoint import EndpointState
from tests.support.world import REFUSED, World, event


@pytest.fixture(autouse=True)
def delivered(world: World) -> None:
    """Deliver the event, and let minutes pass."""
    world.watch()
    world.events.by_id["E"] = event()
    after(world, 12, world.hint())
    world.pass_by(100)
    world.webhook.taken.clear()
    world.events.reads.clear()


def after(world: World, seconds: float, message: ChangeMessage) -> dict[str, int]:
    """Deliver a message after some time, and return the outcomes."""
    world.pass_by(seconds)
    return dict(world.delivery.deliver(message))


def put_into_deleted_items(world: World, *event_ids: str) -> None:
    """Move events to the deleted items, as Outlook does."""
    world.events.by_id["E"] = event(etag="2")
    world.events.deleted_items |= {"E", *event_ids}


def work_off(world: World) -> None:
    """Deliver all changes on the queue."""
    while waiting := world.changes.take():
        for message, delay in waiting:
            after(world, delay, message)


def test_a_change_and_a_deletion_in_a_burst_end_with_the_deletion(world: World) -> None:
    """The read for the change came after both notifications, but did not check the calendar view."""
    changed = world.hint()
    world.pass_by(5)
    put_into_deleted_items(world)
    deleted = world.hint(deleted=True)
    after(world, 6, changed)
    assert after(world, 5, deleted) == {"told": 1}
    assert world.webhook.news[-1] == ("deleted", "E")


def test_a_burst_of_deletions_costs_a_single_read(world: World) -> None:
    """Graph sends two to four notifications, also for an event that was restored meanwhile."""
    messages = [world.hint(deleted=True) for _ in range(3)]
    world.pass_by(12)
    assert [after(world, 0, message) for message in messages] == [{"no-news": 1}, {"covered": 1}, {"covered": 1}]
    assert world.events.reads == ["E"]


def test_a_failed_attempt_does_not_cover_a_deletion(world: World) -> None:
    """The chain of attempts for an older change would still get the event by a plain GET."""
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
    """A late change is read without the calendar view; the next attempt of the deletion corrects it."""
    put_into_deleted_items(world)
    world.webhook.failure = REFUSED
    after(world, 12, world.hint(deleted=True))
    ((chain, _),) = world.changes.take()
    world.webhook.failure = None
    after(world, 12, world.hint())
    after(world, 12, chain)
    assert world.webhook.news[-1] == ("deleted", "E")


def test_failed_deletions_share_a_chain(world: World) -> None:
    """Several notifications of a deletion cause one chain of attempts, to spare a partner that is down."""
    world.webhook.failure = REFUSED
    put_into_deleted_items(world)
    messages = [world.hint(deleted=True) for _ in range(3)]
    world.pass_by(12)
    assert [after(world, 0, message) for message in messages] == [{"put-back": 1}, {"covered": 1}, {"covered": 1}]


def test_a_parked_deletion_keeps_its_flag(world: World) -> None:
    """Another change of the same event is parked after it."""
    world.breaker.transition(EndpointState.PAUSED, "test")
    world.pass_by(2)
    put_into_deleted_items(world)
    messages = [world.hint(deleted=True), world.hint()]
    world.pass_by(12)
    for message in messages:
        assert set(after(world, 0, message)) == {"parked"}
    world.breaker.transition(EndpointState.FLOWING, "test")
    world.recovery.drain()
    work_off(world)
    assert world.webhook.news == [("deleted", "E")]


def test_a_series_among_the_deleted_items_is_deleted(world: World) -> None:
    """Graph still returns the series master, but the calendar view has no occurrence; a late change restores none."""
    deliver_series(world)
    put_into_deleted_items(world, "M", "O1", "O2")
    for deleted in (True, False):
        after(world, 100, world.hint("M", deleted=deleted))
        work_off(world)
    assert sorted(world.webhook.news) == [("deleted", "O1"), ("deleted", "O2")]


def test_a_restored_series_exists(world: World) -> None:
    """It exists whether its deletion was delivered before or not."""
    deliver_series(world)
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


def test_a_deleted_series_without_listed_occurrences_is_deleted(world: World) -> None:
    """Graph may list no occurrence of a deleted series, so each occurrence that the partner has is read."""
    deliver_series(world)
    put_into_deleted_items(world, "M", "O1")
    world.events.of_master["M"] = []
    after(world, 100, world.hint("M", deleted=True))
    work_off(world)
    assert world.webhook.news == [("deleted", "O1")]


def deliver_series(world: World) -> None:
    """Deliver a series of two occurrences."""
    days = [event(f"O{number}", seriesMasterId="M", type="occurrence") for number in (1, 2)]
    world.events.by_id |= {"M": event("M", type="seriesMaster"), "O1": days[0], "O2": days[1]}
    world.events.of_master["M"] = days
    after(world, 12, world.hint("M"))
    work_off(world)
    world.webhook.taken.clear()
