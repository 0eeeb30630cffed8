"""Graph may hold several subscriptions of a mailbox, and its 409 names one of them at a time."""

from __future__ import annotations

import pytest

from shared.errors import ServiceUnavailable
from shared.subscriptions.creation import CONFLICTS
from tests.support.subscribed import PARTNER_URL, at_graph, stored, subscribed
from tests.support.world import World


def test_a_second_409_names_a_twin_which_is_adopted(world: World) -> None:
    """The first one named the subscription to be replaced, which was deleted."""
    watch = subscribed(world)
    at_graph(world, "s-twin")
    row = world.creation.recreate(watch, replaces=watch.subscription_id)
    assert row is not None
    assert (row.state, row.subscription_id, list(world.subscriptions.existing)) == ("live", "s-twin", ["s-twin"])


def test_409s_without_end_are_an_error(world: World) -> None:
    """Each names another subscription that may not be adopted. The claim ends, and the next run tries again."""
    watch = world.watch(
        state="pending", subscription_id="", expires=None, key_version="", delivery="direct",
        notification_url=PARTNER_URL,
    )  # fmt: skip
    for number in range(CONFLICTS + 1):
        at_graph(world, f"s-x{number}", notification_url=PARTNER_URL)
    with pytest.raises(ServiceUnavailable, match="holds more subscriptions"):
        world.creation.recreate(watch)
    assert list(world.subscriptions.existing) == [f"s-x{CONFLICTS}"]
    assert (stored(world).pending_since, stored(world).subscription_id) == (None, "")
