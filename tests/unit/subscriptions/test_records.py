"""What is written to a row after an answer of Graph, also while others write to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import (
    GraphConflict,
    GraphForbidden,
    GraphNotFound,
    GraphQuotaExceeded,
    GraphUnauthorized,
    GraphUnavailable,
    RelayError,
)
from shared.storage.watches import Watch
from shared.subscriptions.due import SOONEST_RETRY
from shared.subscriptions.records import ATTEMPTS, KEEP_TRYING
from tests.support.busy_table import BusyWorld
from tests.support.subscribed import ELSEWHERE, FAR, LIFECYCLE, URL, at_graph, lost, stored, subscribed
from tests.support.world import START, WATCH_ID, World

FORBIDDEN = GraphForbidden(403, "Subscription_LimitReached")
CONFLICT = GraphConflict(409, "ObjectIdentifierInUse")
QUOTA = GraphQuotaExceeded(403, "SubscriptionCountReached")
THROTTLED = GraphUnavailable(429, "TooManyRequests")
UNANSWERED = GraphUnavailable(503, "ServiceUnavailable")
REFUSALS = pytest.mark.parametrize("error", [FORBIDDEN, CONFLICT, QUOTA, THROTTLED], ids=["403", "409", "quota", "429"])
HOUR = timedelta(hours=1)


def claimed(world: World, watch: Watch) -> Watch:
    """Claim a row as before a creation."""
    made = world.watches.claim(watch, world.now())
    assert made is not None
    return made


def again(world: World, error: RelayError) -> Watch:
    """Let another creation fail, and return the row."""
    world.records.failed(claimed(world, stored(world)), error)
    return stored(world)


@REFUSALS
def test_a_refusal_after_a_loss_is_not_believed_for_four_hours(world: World, error: RelayError) -> None:
    """The state is pending and the next attempt five minutes away; then it is refused, and attempts are rare."""
    row = again(world, error) if claimed(world, lost(world)) else None
    began = world.time
    while world.time - began < KEEP_TRYING:
        row = again(world, error)
        assert (row.state, row.retry_at, row.due_at) == ("pending", world.time + SOONEST_RETRY, row.retry_at)
        assert row.last_error
        world.pass_by(SOONEST_RETRY.total_seconds())
    row = again(world, error)
    assert (row.state, row.since, row.retry_at) == ("refused", world.time, world.time + HOUR)


def test_a_refusal_after_a_loss_waits_as_long_as_graph_says(world: World) -> None:
    """Retry-After is kept, also when it is longer than the rest of a refused watch."""
    lost(world)
    assert again(world, GraphUnavailable(429, "x", retry_after=900)).retry_at == START + timedelta(minutes=15)
    world.pass_by(KEEP_TRYING.total_seconds())
    row = again(world, GraphUnavailable(429, "x", retry_after=7_200))
    assert (row.state, row.retry_at) == ("refused", world.time + 2 * HOUR)


def test_failures_before_the_loss_do_not_count(world: World) -> None:
    """The PATCH of a living subscription was refused for a day: the four hours begin with the loss."""
    subscribed(world, state="refused", failing_since=START - timedelta(days=1), since=START - timedelta(days=1))
    row = again(world, FORBIDDEN)
    assert (row.state, row.failing_since) == ("pending", START)


@REFUSALS
def test_a_refusal_without_a_loss_is_believed_at_once(world: World, error: RelayError) -> None:
    """The watch never had a subscription. A 429 is no refusal of it: the next run tries again."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None, key_version="")
    row = again(world, error)
    expected = ("pending", None) if error is THROTTLED else ("refused", START + HOUR)
    assert (row.state, row.retry_at, row.tried) == (*expected, START)


def test_an_adopted_subscription_is_lost_like_any_other(world: World) -> None:
    """It was never created or renewed by this row's watch, which then has a gap, and a refusal is not believed."""
    lost(world, renewed=None)
    row = again(world, FORBIDDEN)
    assert (row.state, row.gap_since) == ("pending", START)


@pytest.mark.parametrize(("error", "state"), [(FORBIDDEN, "refused"), (GraphNotFound(404, "x"), "gone")])
def test_a_watch_that_needs_a_person_is_tried_ever_more_rarely(world: World, error: RelayError, state: str) -> None:
    """After an hour, then as long as the state has lasted, at least once a day; the state's time stays."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None)
    rests = []
    for _ in range(8):
        row = again(world, error)
        assert (row.state, row.since, row.due_at) == (state, START, row.retry_at)
        rests.append(((row.retry_at or START) - world.time) / HOUR)
        world.pass_by(rests[-1] * 3600)
    assert rests == [1, 1, 2, 4, 8, 16, 24, 24]


def test_a_401_changes_nothing(world: World) -> None:
    """It says nothing about the subscription."""
    before = claimed(world, lost(world))
    world.records.failed(before, GraphUnauthorized(401, "InvalidAuthenticationToken"))
    assert stored(world) == before


def test_an_outage_keeps_the_state(world: World) -> None:
    """The next run tries again; the first failure's time stays, and the row shows the error."""
    subscribed(world)
    for _ in range(2):
        world.records.failed(stored(world), UNANSWERED)
        row = stored(world)
        assert (row.state, row.failing_since, row.tried, row.retry_at) == ("live", START, world.time, None)
        world.pass_by(60)
    assert "Try again" in row.last_error
    world.records.failed(row, GraphUnavailable(503, "x", retry_after=600))
    assert stored(world).retry_at == world.time + timedelta(minutes=10)


def test_an_answer_ends_every_failure(world: World) -> None:
    """A watch that was refused may have missed changes; one that waits for an answer has not."""
    failing: dict[str, Any] = {
        "last_error": "x",
        "tried": START,
        "failing_since": START,
        "retry_at": START,
        "missing_since": START,
    }
    watch = subscribed(world, state="refused", **failing)
    row = world.records.live(watch, at_graph(world, watch.subscription_id))
    assert row == stored(world)
    assert (row.state, row.since, row.gap_since, row.last_error) == ("live", START, START, "")
    assert not any((row.tried, row.failing_since, row.retry_at, row.missing_since, row.pending_since))
    doubted = subscribed(world, "room2@contoso.com", missing_since=START)
    after = world.records.live(doubted, at_graph(world, doubted.subscription_id, "room2@contoso.com"))
    assert after is not None
    assert (after.since, after.gap_since, after.missing_since) == (doubted.since, None, None)


def test_an_answer_says_where_the_subscription_posts(world: World) -> None:
    """The answer to a PATCH may leave out the lifecycle URL, which a PATCH does not change."""
    watch = subscribed(world, nonce="nonce")
    answer = at_graph(world, watch.subscription_id, notification_url=ELSEWHERE, lifecycle_url="")
    row = world.records.live(watch, answer)
    assert row is not None
    assert (row.posts_to, row.lifecycle_url, row.nonce, row.expires) == (ELSEWHERE, LIFECYCLE, "nonce", START + FAR)


def test_what_an_earlier_version_created_is_described_again(world: World) -> None:
    """Columns that describe another subscription are not kept: neither its nonce nor its lifecycle URL."""
    watch = subscribed(world, described_id="another", posts_to=ELSEWHERE, lifecycle_url=ELSEWHERE, nonce="nonce")
    row = world.records.live(watch, at_graph(world, watch.subscription_id, lifecycle_url=""))
    assert row is not None
    assert (row.described_id, row.posts_to, row.lifecycle_url, row.nonce) == (watch.subscription_id, URL, "", "")


@pytest.fixture
def busy() -> Iterator[BusyWorld]:
    """Return a world whose rows others write to; its threads end with the test."""
    made = BusyWorld()
    yield made
    made.end()


def test_ten_writers_a_second_do_not_stop_a_renewal(busy: BusyWorld) -> None:
    """Each read is outdated when it is used. After a bounded number of attempts the fields are merged, and the others'
    fields stay.
    """
    watch = subscribed(busy)
    busy.rows.write_to(WATCH_ID)
    busy.rows.busy = 1_000
    busy.pass_by(60)
    after = busy.subscription_service.renew(watch)
    assert after is not None
    assert busy.rows.foreign_writes <= ATTEMPTS + 2
    row = stored(busy)
    assert (row.renewed, row.expires) == (busy.time, busy.subscriptions.existing[watch.subscription_id].expires)
    assert (row.last_change, row.due_at, row.posts_to) == (START, after.due_at, URL)


def test_a_merge_does_not_restore_a_deleted_watch(busy: BusyWorld) -> None:
    """The watch was deleted after the last attempt."""
    watch = subscribed(busy)
    busy.rows.write_to(WATCH_ID)
    busy.rows.busy = ATTEMPTS
    attempts: list[object] = []

    def delete_at_last() -> None:
        if not busy.rows.busy and not attempts:
            attempts.append(busy.rows.rows.pop(("watch", WATCH_ID)))

    busy.rows.before = delete_at_last
    assert busy.records.write(watch, last_error="x") is None
    assert len(attempts) == 1
    assert busy.watches.get(watch.id) is None


def test_a_write_ends_when_another_process_claimed_the_row(world: World) -> None:
    """Or replaced the subscription, or deleted the watch: what was learnt is about an earlier one."""
    watch = subscribed(world)
    made = claimed(world, stored(world))
    assert world.records.write(watch, last_error="x") is None
    assert stored(world) == made
    other = world.watches.change(made, subscription_id="s-9", pending_since=None)
    assert world.records.write(watch, last_error="x") is None
    assert world.records.write(made, last_error="x") is None
    assert stored(world) == other
    world.watches.delete(stored(world))
    assert world.records.write(stale(other), last_error="x") is None
    assert world.watches.get(WATCH_ID) is None


def stale(watch: Watch | None) -> Watch:
    """Return a row as an earlier reader has it."""
    assert watch is not None
    return replace(watch, etag="before")
