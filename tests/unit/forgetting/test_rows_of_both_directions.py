"""Forgetting a mailbox of the feature dataverse: also what other rows say of it, and nothing that is another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.storage.deletion.former_events import ATTEMPTS, leave_out_formers
from shared.storage.deletion.pair_rows import WAITS_KEPT
from shared.storage.pairs.pair import Former, Pair, with_formers
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import Resources, StoredResource
from shared.storage.pairs.write_waits import WriteWaits
from shared.storage.watches import watch_id_of
from tests.support.world import MAILBOX
from tests.unit.forgetting.conftest import OTHER, OTHER_USER, USER, FilledWorld

THIRD = "room3@contoso.com"
KEYS = [f"{number:032x}" for number in range(1, 5)]


def former(mailbox: str, *, removed: bool = False) -> Former:
    """Return an event that was in a mailbox."""
    return Former(watch_id_of(mailbox), f"event in {mailbox}", f"transaction in {mailbox}", is_removed=removed)


def store(world: FilledWorld, key: str, mailbox: str, *formers: Former) -> Pairs:
    """Store a pair whose event is in a mailbox, after these former ones."""
    pairs = Pairs(lambda: world.pairs_table, world.now)
    pairs.insert(with_formers(Pair(key, "dataverse", "paired", key, watch_id_of(mailbox), "event"), formers))
    return pairs


def text_of_rows(world: FilledWorld) -> str:
    """Return all rows of the table as one text."""
    return str([dict(row) for row in world.pair_rows.rows.values()])


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "pending"])
def test_a_pair_that_went_to_another_mailbox_keeps_no_trace(world: FilledWorld, removed: bool) -> None:  # noqa: FBT001
    """It stays the other person's, with the former events of third ones."""
    pairs = store(world, KEYS[0], OTHER, former(MAILBOX, removed=removed), former(THIRD))
    assert world.mailbox_forgetting.forget(MAILBOX, "IT").counts["pairs"] == 0
    assert watch_id_of(MAILBOX) not in text_of_rows(world)
    assert MAILBOX not in text_of_rows(world)
    pair = pairs.get(KEYS[0])
    assert pair is not None
    assert (pair.mailbox_watch, pair.formers()) == (watch_id_of(OTHER), (former(THIRD),))


def test_pairs_without_such_a_trace_are_not_written(world: FilledWorld) -> None:
    """Their workers keep their claims."""
    pairs = store(world, KEYS[0], OTHER, former(THIRD))
    store(world, KEYS[1], OTHER)
    before = [pairs.get(key) for key in KEYS[:2]]
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert [pairs.get(key) for key in KEYS[:2]] == before


def test_a_worker_that_holds_the_pair_does_not_bring_the_trace_back(world: FilledWorld) -> None:
    """What it stores afterwards is refused, and another look follows."""
    pairs = store(world, KEYS[0], OTHER, former(MAILBOX))
    stored = pairs.get(KEYS[0])
    assert stored is not None
    claimed = pairs.claim(stored)
    assert claimed is not None
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert pairs.release(replace(claimed, state="paired")) is None
    assert watch_id_of(MAILBOX) not in text_of_rows(world)


def test_a_row_that_is_changed_meanwhile_is_read_again(world: FilledWorld) -> None:
    """And one that is changed at every attempt ends the call: it can be repeated, and says nothing false."""
    pairs = store(world, KEYS[0], OTHER, former(MAILBOX))
    table, changes = world.pair_rows, [0]
    update = table.update_entity

    class Changing:
        """Changes the row before each of the first updates."""

        def __getattr__(self, name: str) -> object:
            return getattr(table, name)

        def update_entity(self, entity: dict[str, object], **more: object) -> object:
            """Change the row in between, as long as `changes` says."""
            if changes[0]:
                changes[0] -= 1
                update({"PartitionKey": "pair", "RowKey": KEYS[0], "cause": str(changes[0])})
            return update(entity, **more)  # type: ignore[arg-type]

    changes[0] = ATTEMPTS
    with pytest.raises(ServiceUnavailable):
        leave_out_formers(Changing, watch_id_of(MAILBOX))  # type: ignore[arg-type]
    changes[0] = 2
    leave_out_formers(Changing, watch_id_of(MAILBOX))  # type: ignore[arg-type]
    pair = pairs.get(KEYS[0])
    assert pair is not None
    assert pair.formers() == ()


def test_a_damaged_row_is_forgotten_as_well(world: FilledWorld) -> None:
    """A text that names the mailbox goes, readable or not."""
    store(world, KEYS[0], OTHER)
    damaged = {"PartitionKey": "pair", "RowKey": KEYS[0], "former": f"[[{watch_id_of(MAILBOX)}"}
    world.pair_rows.update_entity(damaged)
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert watch_id_of(MAILBOX) not in text_of_rows(world)


def test_a_resource_never_followed_is_deleted_by_its_user_id(world: FilledWorld) -> None:
    """One off the list has no watch yet, and names the person by the id in Entra."""
    resources = Resources(lambda: world.pairs_table)
    resources.insert(StoredResource(KEYS[0], user_id=USER, state="offList", read_at=world.time))
    resources.insert(StoredResource(KEYS[1], user_id=OTHER_USER, state="offList", read_at=world.time))
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert [row.id for row in resources.all()] == [KEYS[1]]


def test_the_wait_of_a_resource_goes_with_it(world: FilledWorld) -> None:
    """That of another resource stays."""
    waits, resources = WriteWaits(lambda: world.pairs_table), Resources(lambda: world.pairs_table)
    for key, mailbox in zip(KEYS, (MAILBOX, OTHER), strict=False):
        resources.insert(StoredResource(key, mailbox, watch_id_of(mailbox), read_at=world.time))
        waits.begin(key, world.time + timedelta(minutes=5))
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    kept = {key for key in world.pair_rows.rows if key[0] in ("wait", "resource")}
    assert kept == {("wait", KEYS[1]), ("resource", KEYS[1])}


@pytest.mark.parametrize("ended", [False, True], ids=["run out", "released"])
def test_the_night_deletes_waits_that_are_over(world: FilledWorld, ended: bool) -> None:  # noqa: FBT001
    """A day after their last moment; a wait that still lasts stays."""
    waits = WriteWaits(lambda: world.pairs_table)
    waits.begin(KEYS[0], world.time + timedelta(minutes=5), free_until=world.time + timedelta(minutes=10))
    world.old_rows.sweep()
    assert len(world.pair_rows.rows) == 1
    if ended:
        waits.end(KEYS[0])
    world.pass_by((WAITS_KEPT + timedelta(minutes=11)).total_seconds())
    world.old_rows.sweep()
    assert len(world.pair_rows.rows) == 0
