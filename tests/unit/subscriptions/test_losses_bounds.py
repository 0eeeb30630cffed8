"""What a GET of a subscription changes, and how a loss is confirmed at its bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.moments import LARGEST_SKEW
from shared.subscriptions.due import CONFIRM_AFTER
from tests.support.subscribed import LIFETIME, lost, stored, subscribed
from tests.support.world import START, World

SECOND = timedelta(seconds=1)


def test_a_get_says_which_lifecycle_url_a_subscription_has(world: World) -> None:
    """Also that it has none: it is replaced at its renewal."""
    watch = subscribed(world)
    existing = world.subscriptions.existing
    existing[watch.subscription_id] = replace(existing[watch.subscription_id], lifecycle_url="")
    assert world.losses.look_up(watch) == stored(world)
    assert (stored(world).lifecycle_url, stored(world).looked_up_at) == ("", START)


def test_an_answer_about_a_row_that_changed_meanwhile_is_not_written(world: World) -> None:
    """The present row is returned; none for a watch that was deleted."""
    watch = subscribed(world)
    claimed = world.watches.claim(watch, world.now())
    assert world.losses.look_up(watch) == claimed == stored(world)
    world.watches.delete(stored(world))
    assert world.losses.look_up(watch) is None


def test_a_subscription_without_an_end_is_confirmed_to_be_gone(world: World) -> None:
    """The row of a watch that was adopted without one."""
    noted = world.losses.missing(lost(world, expires=None))
    assert noted == stored(world)
    assert (noted.missing_since, world.subscriptions.calls) == (START, [])


def test_new_ends_are_spread(world: World) -> None:
    """Of a subscription whose end has passed, and of one that was confirmed to be gone: many are lost together."""
    ended = world.losses.missing(lost(world, left=timedelta()))
    doubted = lost(world, "room2@contoso.com", missing_since=START - CONFIRM_AFTER)
    assert ended is not None
    gone = world.losses.missing(doubted)
    assert gone is not None
    for row in (ended, gone):
        assert row.expires is not None
        assert START < row.expires < START + LIFETIME


def test_the_second_evidence_counts_a_minute_after_the_first(world: World) -> None:
    """Not a second before."""
    early = lost(world, missing_since=START - CONFIRM_AFTER + SECOND)
    assert world.losses.missing(early) == early
    assert world.subscriptions.calls == []
    world.pass_by(1)
    made = world.losses.missing(early)
    assert (made is not None and made.subscription_id, world.subscriptions.calls) == ("s-1", ["create"])


def test_evidence_that_no_clock_can_have_written_is_written_again(world: World) -> None:
    """The minute until the confirmation counts from now."""
    ahead = lost(world, missing_since=START + LARGEST_SKEW + SECOND)
    noted = world.losses.missing(ahead)
    assert noted == stored(world)
    assert (noted.missing_since, noted.due_at) == (START, START + CONFIRM_AFTER)


def test_evidence_about_a_row_that_changed_meanwhile_is_not_written(world: World) -> None:
    """Another process makes a new subscription. The present row is returned; none for a watch that was deleted."""
    watch = lost(world)
    claimed = world.watches.claim(watch, world.now())
    assert world.losses.missing(watch) == claimed == stored(world)
    world.watches.delete(stored(world))
    assert world.losses.missing(watch) is None
