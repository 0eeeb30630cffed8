"""A mailbox that is watched again: its webhook-ids are new, and no row of the former watch is trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.partner.payload import message_id
from shared.storage.ledger_entry import Entry, is_left_by
from shared.storage.watches import Watch
from tests.support.due_messages import DueMessages
from tests.support.world import WATCH_ID, World, event

MINUTE = timedelta(minutes=1)
FORMER, PRESENT = "former", "present"


def process(queues: DueMessages, *event_ids: str, deleted: bool = False) -> None:
    """Notify changes, and process all that follows from them."""
    for event_id in event_ids:
        queues.notify(event_id, deleted=deleted)
    queues.play(5 * MINUTE)


def stored(world: World) -> Watch:
    """Return the watch."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    return watch


def watch_again(world: World, born: str = PRESENT) -> None:
    """Remove the watch, and set it up again; the rows of the ledger stay, as after a failure of storage."""
    world.watches.delete(stored(world))
    world.pass_by(3_600)
    world.watch(born=born)


def taken(world: World) -> set[str]:
    """Return the webhook-ids that the partner took, and forget the deliveries."""
    ids = {message_id for message_id, _ in world.webhook.taken}
    world.webhook.taken.clear()
    return ids


def test_the_webhook_ids_are_new(world: World) -> None:
    """Of the same states of the same events; a receiver that keeps ids for days drops none of them."""
    queues, event_ids = DueMessages(world), ("E", "F")
    world.watch(born=FORMER)
    for name in event_ids:
        world.events.by_id[name] = event(name)
    process(queues, *event_ids)
    former = taken(world)
    watch_again(world)
    world.resync.resync(stored(world))
    queues.play(5 * MINUTE)
    assert sorted(world.webhook.news) == [("created", "E"), ("created", "F")]
    present = taken(world)
    assert (len(former), len(present), former & present) == (2, 2, set())


def test_the_webhook_ids_of_an_earlier_versions_watch_stay(world: World) -> None:
    """What it owes at the upgrade keeps its ids."""
    queues = DueMessages(world)
    world.watch()
    world.events.by_id["E"] = event()
    process(queues, "E")
    assert taken(world) == {message_id(WATCH_ID, "E", "1")}


def with_the_state(entry: Entry) -> Entry:
    """The former partner has the event as it is."""
    return replace(entry, delivered_state="1", start="2026-11-20T12:00:00Z", end="2026-11-20T13:00:00Z")


def with_its_deletion(entry: Entry) -> Entry:
    """The event was deleted, and came back."""
    return replace(entry, delivered_state="deleted", deletions=1)


def with_an_attempt(entry: Entry) -> Entry:
    """A delivery was tried."""
    return replace(entry, tried="1", retry_token="token")


def with_a_reading(entry: Entry) -> Entry:
    """Read a moment ago."""
    return replace(entry, read_at=(entry.read_at or entry.last_attempt), delivered_state="1")


LEFT_BEHIND = pytest.mark.parametrize("left", [with_the_state, with_its_deletion, with_an_attempt, with_a_reading])


@LEFT_BEHIND
def test_no_row_of_the_former_watch_is_trusted(world: World, left: Callable[[Entry], Entry]) -> None:
    """Whatever it says, the event is created for the partner, with an id of the present watch."""
    queues = DueMessages(world)
    world.watch(born=FORMER)
    world.ledger.release([replace(left(world.entry()), watch_born=FORMER, read_at=world.time)])
    watch_again(world)
    world.events.by_id["E"] = event()
    process(queues, "E")
    assert world.webhook.news == [("created", "E")]
    assert taken(world) == {message_id(WATCH_ID, "E", "1", PRESENT)}
    assert (world.entry().watch_born, world.entry().delivered_state) == (PRESENT, "1")


@LEFT_BEHIND
def test_a_resync_does_not_trust_it_either(world: World, left: Callable[[Entry], Entry]) -> None:
    """It is dropped."""
    queues = DueMessages(world)
    world.watch(born=FORMER)
    world.ledger.release([replace(left(world.entry(name)), watch_born=FORMER) for name in ("E", "gone")])
    watch_again(world)
    world.events.by_id["E"] = event()
    world.resync.resync(stored(world))
    queues.play(5 * MINUTE)
    assert world.webhook.news == [("created", "E")]
    assert [entry.event_id for page in world.ledger.pages(WATCH_ID) for entry in page] == ["E"]


def test_a_row_that_a_late_worker_wrote_after_the_removal_is_not_trusted(world: World) -> None:
    """It had claimed the entry before, and its delivery to the former partner was slow."""
    queues = DueMessages(world)
    world.watch(born=FORMER)
    world.events.by_id["E"] = event()

    def remove(_: int) -> None:
        world.ledger.forget(WATCH_ID)
        watch_again(world)
        world.ledger.release([replace(world.entry(), watch_born=FORMER, delivered_state="1")])

    world.webhook.on_delivery = remove
    process(queues, "E")
    world.webhook.on_delivery = lambda _: None
    assert (world.entry().watch_born, world.entry().delivered_state) == (FORMER, "1")
    taken(world)
    process(queues, "E")
    assert taken(world) == {message_id(WATCH_ID, "E", "1", PRESENT)}


def test_occurrences_of_the_former_watch_are_not_reported_as_deleted(world: World) -> None:
    """The partner of the present watch never had them."""
    queues = DueMessages(world)
    world.watch(born=FORMER)
    world.ledger.release([replace(with_the_state(world.entry("O")), watch_born=FORMER, series_id="M")])
    watch_again(world)
    process(queues, "M", deleted=True)
    assert (world.webhook.tried, len(queues.processed)) == ([], 2)  # the notification, before and after settling


ROW: dict[str, Any] = {"start": "2026-11-20T12:00:00Z", "end": "2026-11-20T13:00:00Z"}


@pytest.mark.parametrize(("read", "kind"), [(timedelta(), "updated"), (-2 * timedelta(hours=1), "created")])
def test_an_event_that_an_earlier_version_delivered_for_a_new_watch_is_delivered_again(
    world: World, read: timedelta, kind: str
) -> None:
    """Its webhook-id may be that of a former watch, which the partner dropped. The row names no watch: it was read
    since this watch was created, or it is of a former watch, and counts as absent.
    """
    queues = DueMessages(world)
    world.watch(born=PRESENT)
    world.ledger.release([replace(world.entry(), delivered_state="1", read_at=world.time + read, **ROW)])
    world.events.by_id["E"] = event()
    process(queues, "E")
    assert world.webhook.news == [(kind, "E")]
    assert world.webhook.tried != [message_id(WATCH_ID, "E", "1")]


def test_timestamps_do_not_go_back_for_the_next_watch(world: World) -> None:
    """A partner that compares them by event may still have the former watch's last state."""
    queues = DueMessages(world)
    world.watch(born=FORMER)
    world.pass_by(600)  # this worker's clock is ahead
    world.events.by_id["E"] = event()
    process(queues, "E")
    watch_again(world)
    world.pass_by(-4_400)
    process(queues, "E")
    first, second = (body["timestamp"] for _, body in world.webhook.taken)
    assert first < second


def test_a_late_removal_leaves_the_entries_of_the_next_watch(world: World) -> None:
    """A process that stood still while it forgot the former watch."""
    queues = DueMessages(world)
    former = world.watch(born=FORMER)
    watch_again(world)
    world.events.by_id["E"] = event()
    process(queues, "E")
    world.ledger.forget(WATCH_ID, is_left_by(former))
    assert world.entry().delivered_state == "1"
