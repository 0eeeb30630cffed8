"""A subscription that a row names from now on is no longer counted as unknown, and one that is being deleted is not
taken over.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.graph.subscriptions import DeleteReason
from shared.subscriptions.removal import AT_WORK
from tests.support.subscribed import at_graph, stored
from tests.support.unknown_world import UnknownWorld
from tests.support.world import MAILBOX

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("is_former", [False, True])
def test_an_adopted_subscription_is_no_longer_unknown(*, is_former: bool) -> None:
    """Whether Graph named it in a 409, or the former one was taken back: health need not wait for the next audit."""
    world = UnknownWorld()
    at_graph(world, "s-x", expires=world.time + timedelta(days=3))
    world.run_audit()
    assert world.unknown == ["s-x"]
    former: dict[str, Any] = {"former_id": "s-x", "failing_since": world.time} if is_former else {}
    row = world.creation.recreate(world.watch(state="pending", subscription_id="", expires=None, **former))
    assert row is not None
    assert (row.subscription_id, world.unknown) == ("s-x", [])
    assert ("create" in world.subscriptions.calls) is not is_former
    world.end()


def test_an_adoption_succeeds_although_the_count_cannot_be_corrected() -> None:
    """The next audit corrects it."""
    world = UnknownWorld()
    at_graph(world, "s-x")
    world.run_audit()
    row = world.watch(state="pending", subscription_id="", expires=None)

    def fail_after_the_adoption() -> None:
        if world.rows.rows["watch", row.id].get("subscription_id"):
            world.rows.failing = 1

    world.rows.before = fail_after_the_adoption
    after = world.creation.recreate(row)
    world.rows.before, world.rows.failing = lambda: None, 0
    assert after is not None
    assert (after.subscription_id, world.unknown) == ("s-x", ["s-x"])
    world.end()


@pytest.mark.parametrize("is_former", [False, True])
def test_a_subscription_that_is_being_deleted_is_replaced(*, is_former: bool) -> None:
    """Its tombstone stands: another process may send the DELETE at this moment."""
    world = UnknownWorld()
    at_graph(world, "s-x")
    world.tombstones.write("s-x", world.time)
    former = {"former_id": "s-x", "failing_since": world.time} if is_former else {}
    row = world.creation.recreate(world.watch(MAILBOX, state="pending", subscription_id="", expires=None, **former))
    assert row == stored(world)
    assert list(world.subscriptions.existing) == [row.subscription_id] != ["s-x"]
    assert world.deleted == [("s-x", DeleteReason.REPLACED)]
    world.end()


def test_a_subscription_whose_deletion_was_given_up_long_ago_is_taken_over() -> None:
    """No process that wrote the tombstone can still be at work. The tombstone goes with it."""
    world = UnknownWorld()
    at_graph(world, "s-x")
    world.tombstones.write("s-x", world.time)
    world.pass_by(AT_WORK.total_seconds())
    row = world.creation.recreate(world.watch(state="pending", subscription_id="", expires=None))
    assert row is not None
    assert (row.subscription_id, world.deleted, world.tombstones.names("s-x")) == ("s-x", [], False)
    world.end()


def test_the_host_ends_a_process_before_its_tombstone_is_too_old() -> None:
    """The limit that the host sets for a function."""
    hours, minutes, seconds = json.loads((ROOT / "host.json").read_text())["functionTimeout"].split(":")
    assert timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds)) < AT_WORK
