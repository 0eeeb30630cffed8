"""A POST without an answer may have made a subscription, which is recognized by the end that was requested."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import GraphUnavailable
from shared.graph.client_state import sign
from tests.support.subscribed import PARTNER_URL, at_graph, lost, stored
from tests.support.world import OLD, START, World

DIRECT: dict[str, Any] = {"delivery": "direct", "notification_url": PARTNER_URL}


def unanswered() -> None:
    """Lose Graph's answer."""
    raise GraphUnavailable(0, "NoAnswer.ReadTimeout")


@pytest.mark.parametrize("delivery", [{}, DIRECT], ids=["relay", "direct"])
def test_the_subscription_of_an_unanswered_post_keeps_its_key(world: World, delivery: dict[str, Any]) -> None:
    """It has the end that the POST requested: nothing needs to be deleted, and the row's clientState verifies."""
    world.subscriptions.after_create = unanswered
    with pytest.raises(GraphUnavailable):
        world.creation.recreate(lost(world, key_version="", **delivery))
    assert stored(world).posted_key == "v1"
    row = world.creation.recreate(stored(world))
    assert row is not None
    assert (row.subscription_id, row.key_version, row.posted_end) == ("s-1", "v1", None)
    assert world.subscriptions.deletions == []
    assert world.subscriptions.states["s-1"] == sign(row.id, OLD, row.delivery, row.nonce)


def test_a_subscription_with_another_end_is_not_that_of_the_unanswered_post(world: World) -> None:
    """Its key is unknown."""
    at_graph(world, "s-x")
    row = world.creation.recreate(lost(world, posted_end=START, posted_key="v9"))
    assert row is not None
    assert (row.subscription_id, row.key_version, row.posted_end) == ("s-x", "", None)
