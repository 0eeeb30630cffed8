"""A replacement is decided again when it is carried out: rows, keys and settings may have changed since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.graph.client_state import Key
from tests.support.subscribed import ELSEWHERE, SOON, subscribed
from tests.support.world import OLD, START, World

NEWER = Key("v2", b"the secret after a leak of the former", START - timedelta(days=1))


def test_a_key_that_was_read_meanwhile_makes_a_replacement_needless(world: World) -> None:
    """Another instance has replaced it already, and signed with a key that this one had not read when it decided."""
    watch = subscribed(world, key_version="v2", left=SOON)
    world.keys = [NEWER]
    assert world.subscription_service.replace(watch) == watch
    assert (world.subscriptions.calls, world.subscriptions.deletions) == ([], [])


@pytest.mark.parametrize(
    "changes",
    [{"key_version": "v0"}, {"lifecycle_url": ELSEWHERE}, {"silent_resyncs": 2, "replaced_at": START}],
    ids=["key", "lifecycle URL", "silence"],
)
def test_what_still_requires_it_is_replaced(world: World, changes: dict[str, Any]) -> None:
    """Its key has been retired, its lifecycle URL is not the present one, or it is silent."""
    world.keys = [NEWER, OLD]
    watch = subscribed(world, left=SOON, **{"key_version": "v2"} | changes)
    after = world.subscription_service.replace(watch)
    assert after is not None
    assert after.subscription_id != watch.subscription_id
