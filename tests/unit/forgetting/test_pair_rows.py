"""Pairs of the feature dataverse are deleted when their mailbox is forgotten, and each night once they are over."""

from __future__ import annotations

from datetime import timedelta

from shared.storage.deletion.pair_rows import PAIRS_KEPT
from shared.storage.pairs.brakes import Brakes
from shared.storage.pairs.index import IndexedEvent, PairIndex, event_key
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import Resources, StoredResource
from shared.storage.watches import watch_id_of
from tests.support.world import MAILBOX, WATCH_ID
from tests.unit.forgetting.conftest import OTHER, FilledWorld


def pair_up(world: FilledWorld, mailbox: str, number: int) -> None:
    """Store a row of each kind of the table `pairs`."""
    key, watch_id, end = f"{number:032x}", watch_id_of(mailbox), world.time + timedelta(days=1)
    Pairs(lambda: world.pairs_table, world.now).insert(
        Pair(key, "dataverse", "paired", key, watch_id, "event", start=end, end=end)
    )
    PairIndex(lambda: world.pairs_table).write(watch_id, IndexedEvent(event_key("event"), "pair", key, end=end))
    Brakes(lambda: world.pairs_table).change(watch_id, lambda _: {"changed": world.time})
    Resources(lambda: world.pairs_table).insert(StoredResource(key, mailbox, watch_id, read_at=world.time))


def mailboxes(world: FilledWorld) -> set[str]:
    """Return the watches that rows of pairs name."""
    text = str([dict(row) for row in world.pair_rows.rows.values()])
    return {mailbox for mailbox in (MAILBOX, OTHER) if watch_id_of(mailbox) in text or mailbox in text}


def test_by_request_no_row_of_pairs_names_a_mailbox(world: FilledWorld) -> None:
    """The pairs are counted; those of another mailbox stay."""
    pair_up(world, MAILBOX, 1)
    pair_up(world, OTHER, 2)
    assert world.mailbox_forgetting.forget(MAILBOX, "IT").counts["pairs"] == 1
    assert mailboxes(world) == {OTHER}
    assert len(world.pair_rows.rows) == 4


def test_the_removal_of_a_watch_keeps_the_pairs(world: FilledWorld) -> None:
    """A calendar that is followed again after weeks must not get every event a second time."""
    pair_up(world, MAILBOX, 1)
    world.watch_setup.unsubscribe(WATCH_ID)
    assert mailboxes(world) == {MAILBOX}


def test_the_night_deletes_pairs_that_are_over(world: FilledWorld) -> None:
    """A month after they left the window."""
    pair_up(world, MAILBOX, 1)
    past = timedelta(days=world.settings.window_past_days)
    world.pass_by((timedelta(days=1) + past + PAIRS_KEPT - timedelta(hours=1)).total_seconds())
    world.old_rows.sweep()
    assert {key[0] for key in world.pair_rows.rows} == {"pair", f"event-{watch_id_of(MAILBOX)}"}
    world.pass_by(7200)
    world.old_rows.sweep()
    assert len(world.pair_rows.rows) == 0
