"""The stored state of a rollout: how many subscriptions may be changed now."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from shared.storage.maintenance import Handshake, Rollout
from shared.subscriptions.timer.rollout import (
    ALL,
    FAILURES,
    HANDSHAKE_WITHIN,
    SKEW,
    TRY_AGAIN_AFTER,
    Rollouts,
    target_of,
)
from tests.support.subscribed import ELSEWHERE, URL, subscribed
from tests.support.world import START, World


def changed(rollouts: Rollouts, row: Rollout, number: int) -> Rollout:
    """Record a number of changes, and allow the next batch."""
    for _ in range(number):
        rollouts.record(row, "")
    return rollouts.widen(row, 5_000)


def _seen(seen: dict[str, Any], _: Handshake) -> dict[str, Any]:
    return seen


def test_the_target_names_what_subscriptions_are_changed_to() -> None:
    """Another address or key is another rollout; parts are not confused with each other."""
    assert target_of("a", "b", "c") == target_of("a", "b", "c")
    assert len({target_of("a", "b", "c"), target_of("a", "b", "d"), target_of("ab", "", "c")}) == 3


@pytest.mark.parametrize(
    ("watches", "limits"), [(5_000, [1, 10, 50, ALL]), (1_000, [1, 10, ALL]), (100_000, [1, 10, 1_000, ALL])]
)  # fmt: skip
def test_batches_grow(world: World, watches: int, limits: list[int]) -> None:
    """One, ten, one in a hundred, all: each when the one before is done."""
    rollouts, row = world.rollouts, world.rollouts.begin("new")
    found = [row.limit]
    while row.limit != ALL:
        assert rollouts.widen(row, watches) == row  # not done yet
        for _ in range(rollouts.allowance(row, watches)):
            row = rollouts.record(row, "")
        row = rollouts.widen(row, watches)
        found.append(row.limit)
    assert found == limits
    assert rollouts.allowance(row, watches) == watches
    assert rollouts.widen(row, watches) == row


def test_a_batch_is_what_is_left_of_the_limit(world: World) -> None:
    """And never more than waits; a rollout that goes on does not begin again."""
    row = changed(world.rollouts, world.rollouts.begin("new"), 1)
    for _ in range(4):
        row = world.rollouts.record(row, "")
    assert [world.rollouts.allowance(row, waiting) for waiting in (3, 7, 100)] == [3, 5, 5]
    assert world.rollouts.begin("new") == row


def test_three_failures_in_a_row_stop_it(world: World) -> None:
    """What stands stays, and the row has Graph's code. A success between two failures ends the row of them."""
    rollouts, row = world.rollouts, world.rollouts.begin("new")
    for code in ("A", "A", "", "A", "A"):
        row = rollouts.record(row, code)
    assert (row.stopped_at, row.failures) == (None, 2)
    row = rollouts.record(row, "ValidationError")
    assert (row.stopped_at, row.code, row.failures, row.done) == (START, "ValidationError", FAILURES, 1)
    assert rollouts.allowance(row, 100) == 0
    assert rollouts.widen(row, 100) == row


def test_another_attempt_follows_an_hour_later(world: World) -> None:
    """One that fails stops it again; one that succeeds begins the batches anew."""
    rollouts, row = world.rollouts, world.rollouts.begin("new")
    for _ in range(FAILURES):
        row = rollouts.record(row, "A")
    world.pass_by(TRY_AGAIN_AFTER.total_seconds() - 1)
    assert rollouts.begin("new") == row
    world.pass_by(1)
    row = rollouts.begin("new")
    assert (row.limit, row.done, row.stopped_at, rollouts.allowance(row, 100)) == (1, 0, None, 1)
    assert rollouts.record(row, "A").stopped_at == world.time
    world.pass_by(TRY_AGAIN_AFTER.total_seconds())
    row = rollouts.record(rollouts.begin("new"), "")
    assert (row.failures, rollouts.widen(row, 100).limit) == (0, 10)


def test_a_new_target_restarts_the_rollout(world: World) -> None:
    """Also while the former one is stopped, for example after PUBLIC_BASE_URL was corrected."""
    rollouts, row = world.rollouts, changed(world.rollouts, world.rollouts.begin("typo"), 1)
    stopped = rollouts.stop(row, "NoHandshake")
    assert stopped.stopped_at == START
    world.pass_by(60)
    row = rollouts.begin("right")
    assert (row.target, row.limit, row.done, row.failures, row.code) == ("right", 1, 0, 0, "")
    assert (row.stopped_at, row.began, row.first_id) == (None, world.time, "")


def test_a_stopped_rollout_is_over_when_the_settings_are_changed_back(world: World) -> None:
    """Then nothing is to be changed, and health must not say for ever that a change has stopped."""
    rollouts = world.rollouts
    rollouts.stop(rollouts.begin("wrong"), "ValidationError")
    assert rollouts.without_steps("wrong").stopped_at == START  # what it could not change may only rest
    row = rollouts.without_steps("former")
    assert (row.target, row.stopped_at, row.code) == ("former", None, "")
    began = row.began
    world.pass_by(60)
    assert rollouts.without_steps("newer").began == began  # nothing has stopped: no write


def test_what_an_outdated_run_reports_is_not_counted(world: World) -> None:
    """It still works towards the former target."""
    old = world.rollouts.begin("old")
    new = world.rollouts.begin("new")
    watch = subscribed(world)
    for _ in range(FAILURES):
        assert world.rollouts.record(old, "A") == world.rollouts.record(old, "") == new
    assert world.rollouts.widen(old, 10) == world.rollouts.stop(old, "A") == new
    assert world.rollouts.started_with(old, watch, URL) == new


def test_the_first_subscription_is_recorded_before_it_is_changed(world: World) -> None:
    """With the address to which it can be moved back; its time counts from then on."""
    row = world.rollouts.begin("new")
    world.pass_by(30)
    watch = subscribed(world, posts_to=ELSEWHERE)
    row = world.rollouts.started_with(row, watch, ELSEWHERE)
    assert (row.first_id, row.first_url, row.began) == (watch.id, ELSEWHERE, world.time)


def test_a_handshake_counts_at_the_new_address_and_after_the_change(world: World) -> None:
    """Clocks of two instances may differ by half a minute."""
    row = world.rollouts.begin("new")
    assert not world.rollouts.was_validated(row, URL)
    for at, url, counts in (
        (START, URL, True), (START, ELSEWHERE, False), (START - SKEW, URL, True),
        (START - SKEW - timedelta(seconds=1), URL, False),
    ):  # fmt: skip
        seen: dict[str, Any] = {"at": at, "url": url}
        world.handshake_row.write(partial(_seen, seen))
        assert world.rollouts.was_validated(row, URL) is counts


def test_the_handshake_is_awaited_for_two_minutes(world: World) -> None:
    """Graph validates within seconds, but the relay may just be starting."""
    row = world.rollouts.begin("new")
    world.pass_by(HANDSHAKE_WITHIN.total_seconds() - 1)
    assert world.rollouts.waits(row)
    world.pass_by(1)
    assert not world.rollouts.waits(row)
