"""What is written to a row at the bounds: of a claim, of a failure, and of what an answer leaves out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphForbidden, GraphUnavailable, ServiceUnavailable
from shared.subscriptions.due import SOONEST_RETRY
from shared.subscriptions.records import ATTEMPTS, SHORTEST_REST
from tests.support.busy_table import BusyWorld
from tests.support.subscribed import ELSEWHERE, LIFECYCLE, at_graph, lost, stored, subscribed
from tests.support.world import START, WATCH_ID, World

FORBIDDEN = GraphForbidden(403, "Subscription_LimitReached")
STORAGE = ServiceUnavailable("storage")
MINUTE = timedelta(minutes=1)
POSTED: dict[str, Any] = {"posted_end": START, "posted_key": "v1", "posted_nonce": "nonce"}


def test_a_merge_does_not_write_to_a_row_that_was_claimed_at_last() -> None:
    """What was learnt is about a subscription that the row does not name any more."""
    busy = BusyWorld()
    watch = subscribed(busy)
    busy.rows.write_to(WATCH_ID)
    busy.rows.busy = ATTEMPTS

    def claim_at_last() -> None:
        if busy.rows.busy == 1:
            busy.rows.rows["watch", WATCH_ID]["pending_since"] = START.isoformat()

    busy.rows.before = claim_at_last
    assert busy.records.write(watch, last_error="x") is None
    row = stored(busy)
    busy.end()
    assert (row.last_error, row.pending_since) == ("", START)


def test_a_watch_that_never_was_live_has_no_gap(world: World) -> None:
    """It was refused from the beginning. Its state begins with the answer."""
    watch = subscribed(world, state="refused", renewed=None)
    world.pass_by(60)
    row = world.records.live(watch, at_graph(world, watch.subscription_id))
    assert row is not None
    assert (row.state, row.gap_since, row.since) == ("live", None, START + MINUTE)


def test_an_answer_ends_what_a_post_without_an_answer_requested(world: World) -> None:
    """It is not compared with a later subscription."""
    watch = subscribed(world, **POSTED)
    row = world.records.live(watch, at_graph(world, watch.subscription_id))
    assert row is not None
    assert (row.posted_end, row.posted_key, row.posted_nonce) == (None, "", "")


def test_an_answer_that_names_a_lifecycle_url_changes_it(world: World) -> None:
    """That of the row was wrong."""
    watch = subscribed(world, lifecycle_url=ELSEWHERE)
    row = world.records.live(watch, at_graph(world, watch.subscription_id))
    assert row is not None
    assert row.lifecycle_url == LIFECYCLE


def test_an_error_that_is_not_graphs_ends_a_claim_and_changes_nothing_else(world: World) -> None:
    """The next attempt follows at once. A row that is not claimed stays as it is, and so does its subscription."""
    watch = subscribed(world)
    world.records.failed(watch, STORAGE)
    assert stored(world) == watch
    claimed = world.watches.claim(watch, world.now())
    assert claimed is not None
    world.records.failed(claimed, STORAGE)
    row = stored(world)
    assert (row.state, row.pending_since, row.retry_at, row.failing_since) == ("pending", None, None, START)


def test_a_loss_is_evident_from_the_row_alone(world: World) -> None:
    """By `renewed`, also if the row of an earlier version names no former subscription."""
    watch = lost(world, subscription_id="", renewed=START)
    world.records.failed(watch, FORBIDDEN)
    row = stored(world)
    assert (row.state, row.former_id, row.retry_at) == ("pending", "", START + SOONEST_RETRY)


@pytest.mark.parametrize(("status", "wait"), [(429, SOONEST_RETRY), (503, None), (0, None)])
def test_an_outage_after_a_loss_is_no_refusal(world: World, status: int, wait: timedelta | None) -> None:
    """Only a 429 is: the next run tries again after an outage."""
    claimed = world.watches.claim(lost(world), world.now())
    assert claimed is not None
    world.records.failed(claimed, GraphUnavailable(status, "x"))
    row = stored(world)
    assert (row.state, row.retry_at) == ("pending", START + wait if wait else None)


def test_a_refused_row_without_the_time_of_its_state_waits_for_an_hour(world: World) -> None:
    """An earlier version wrote it."""
    watch = subscribed(world, state="refused", since=None)
    world.records.failed(watch, FORBIDDEN)
    assert stored(world).retry_at == START + SHORTEST_REST
