"""Mass changes in batches: each is the proof for the next; a mistake costs one subscription, which is moved back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from shared.errors import (
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphRejected,
    GraphUnauthorized,
    GraphUnavailable,
    ServiceUnavailable,
)
from shared.graph.subscriptions import Subscription
from shared.storage.maintenance import Rollout, SingleRow
from shared.subscriptions.plan import Step, Verb
from shared.subscriptions.timer.rollout import ALL, FAILURES, HANDSHAKE_WITHIN
from shared.subscriptions.timer.run import Run
from shared.subscriptions.timer.runs import BUDGET
from shared.subscriptions.timer.steps import MAX_ATTEMPTS, NO_HANDSHAKE
from tests.support.fake_graph import FakeSubscriptions
from tests.support.subscribed import ELSEWHERE, URL, stored, subscribed
from tests.support.world import START, World

REJECTED = GraphRejected(400, "ValidationError")
THROTTLED = GraphUnavailable(429, "TooManyRequests")


class ValidatingSubscriptions(FakeSubscriptions):
    """Calls `validated` with the new URL at each change of an address, as Graph validates it."""

    def __init__(self) -> None:
        super().__init__()
        self.validated: Callable[[str], None] = lambda _: None

    def change_address(self, subscription_id: str, url: str, expires: datetime) -> Subscription:
        """Validate the URL, then change the address."""
        changed = super().change_address(subscription_id, url, expires)
        self.validated(url)
        return changed


class RolloutWorld(World):
    """A world whose watches post elsewhere. Graph validates the relay's URL while `is_right`."""

    subscriptions: ValidatingSubscriptions

    def __init__(self) -> None:
        super().__init__({"subscriptions": ValidatingSubscriptions()})
        self.is_right = True
        self.subscriptions.validated = self.shake

    def shake(self, url: str) -> None:
        """Receive Graph's validation of a URL."""
        if self.is_right:
            self.handshakes.saw(url)

    def add(self, number: int) -> None:
        """Add watches whose subscriptions post elsewhere, with both kinds of notifications."""
        for each in range(number):
            subscribed(self, f"room{each}@contoso.com", posts_to=ELSEWHERE, lifecycle_url=ELSEWHERE)

    def roll_out(self, target: str = "new", verb: Verb = "address") -> tuple[bool, dict[str, int]]:
        """Roll out to every watch that posts elsewhere; return whether the next batch waits, and the results."""
        steps = [Step(verb, START, watch) for watch in self.watches.all() if watch.posts_to == ELSEWHERE]
        run = Run(self.now, self.time + BUDGET, deque(), self.time)
        must_wait = self.steps.roll_out(run, steps, target, len(steps), self.time)
        return must_wait, {name: number for name, number in run.results.items() if number}

    @property
    def moved(self) -> int:
        """How many subscriptions post to the relay at Graph."""
        return sum(each.notification_url == URL for each in self.subscriptions.existing.values())


@pytest.fixture
def world() -> Iterator[RolloutWorld]:
    """Return such a world; its threads end with the test."""
    made = RolloutWorld()
    yield made
    made.end()


def test_all_are_moved_in_growing_batches(world: RolloutWorld) -> None:
    """By one PATCH each; nothing is deleted or created."""
    world.add(40)
    assert world.roll_out() == (False, {"moved": 40})
    row = world.rollout_row.read()
    assert (world.moved, row.limit, row.stopped_at) == (40, ALL, None)
    assert set(world.subscriptions.calls) == {"address"}


def test_without_a_handshake_only_the_first_is_moved_and_then_back(world: RolloutWorld) -> None:
    """The rest wait for two minutes. Graph accepted the address, but its validation did not reach the relay."""
    world.add(40)
    world.is_right = False
    assert world.roll_out() == (True, {"moved": 1, "waiting": 39})
    world.pass_by(HANDSHAKE_WITHIN.total_seconds() - 1)
    assert world.roll_out() == (True, {"waiting": 39})
    assert world.moved == 1
    world.pass_by(1)
    assert world.roll_out() == (False, {"waiting": 39})
    assert (world.moved, world.rollout_row.read().code) == (0, NO_HANDSHAKE)
    assert {watch.posts_to for watch in world.watches.all()} == {ELSEWHERE}
    assert world.roll_out() == (False, {"waiting": 40})


def test_a_handshake_that_comes_late_lets_the_rest_follow(world: RolloutWorld) -> None:
    """It was seen by another instance within the two minutes."""
    world.add(40)
    world.is_right = False
    world.roll_out()
    world.pass_by(60)
    world.handshakes.saw(URL)
    assert world.roll_out() == (False, {"moved": 39})


def test_the_only_subscription_is_moved_back_as_well(world: RolloutWorld) -> None:
    """No other one waits for its proof."""
    world.add(1)
    world.is_right = False
    assert world.roll_out() == (True, {"moved": 1})
    world.pass_by(HANDSHAKE_WITHIN.total_seconds())
    assert world.roll_out() == (False, {})
    assert (world.moved, stored(world, "room0@contoso.com").posts_to) == (0, ELSEWHERE)


def test_a_proof_is_given_once(world: RolloutWorld) -> None:
    """Later handshakes at other URLs do not take it back."""
    world.add(1)
    assert world.roll_out() == (False, {"moved": 1})
    world.handshake_row.write(lambda _: {"url": "https://relay.example/api/lifecycle", "at": world.time})
    world.pass_by(HANDSHAKE_WITHIN.total_seconds())
    assert world.roll_out() == (False, {})
    assert world.moved == 1


@pytest.mark.parametrize("error", [GraphUnavailable(503, "x"), GraphUnavailable(429, "x", is_rate=True)])
def test_a_move_back_that_graph_does_not_answer_is_tried_again(world: RolloutWorld, error: GraphError) -> None:
    """The rollout goes no further meanwhile."""
    world.add(3)
    world.is_right = False
    world.roll_out()
    world.pass_by(HANDSHAKE_WITHIN.total_seconds())
    world.subscriptions.failures = [error]
    assert world.roll_out() == (True, {"waiting": 2})
    assert (world.moved, world.rollout_row.read().stopped_at) == (1, None)
    assert world.roll_out() == (False, {"waiting": 2})
    assert world.moved == 0


def test_a_move_back_that_graph_rejects_stops_the_rollout(world: RolloutWorld) -> None:
    """The former address does not answer either."""
    world.add(3)
    world.is_right = False
    world.roll_out()
    world.pass_by(HANDSHAKE_WITHIN.total_seconds())
    world.subscriptions.failures = [REJECTED]
    assert world.roll_out() == (False, {"waiting": 2})
    assert world.rollout_row.read().code == NO_HANDSHAKE


@pytest.mark.parametrize("error", [REJECTED, GraphForbidden(403, "x")])
def test_three_failures_in_a_row_stop_the_rollout(world: RolloutWorld, error: GraphError) -> None:
    """The rest keep their address, and each later run before an hour has passed changes nothing."""
    world.add(40)
    world.subscriptions.failures = [error] * 40
    assert world.roll_out() == (False, {"failed": FAILURES, "waiting": 40 - FAILURES})
    assert world.roll_out() == (False, {"waiting": 40})
    assert (len(world.subscriptions.calls), world.rollout_row.read().code) == (FAILURES, error.code)


def test_failures_in_the_last_batch_stop_it_as_well(world: RolloutWorld) -> None:
    """What its workers have not begun is left alone; what was changed stands."""
    world.add(300)
    world.subscriptions.failures = [*[None] * 20, *[REJECTED] * 280]
    must_wait, results = world.roll_out()
    assert (must_wait, results["moved"], world.moved) == (False, 20, 20)
    assert results["failed"] < 100
    assert results["failed"] + results["waiting"] == 280


def test_a_429_is_neither_a_success_nor_a_failure(world: RolloutWorld) -> None:
    """The first batch stays one: it is not proven by a subscription that was not changed."""
    world.add(40)
    world.is_right = False
    world.subscriptions.failures = [THROTTLED] * (4 * MAX_ATTEMPTS)
    must_wait, results = world.roll_out()
    assert (must_wait, results) == (True, {"unanswered": 4, "moved": 1, "waiting": 35})
    row = world.rollout_row.read()
    assert (row.done, row.failures, row.stopped_at) == (1, 0, None)


def test_a_subscription_that_is_missing_proves_nothing(world: RolloutWorld) -> None:
    """Its 404 is noted as at a renewal; the next one is the first."""
    world.add(40)
    world.is_right = False
    world.subscriptions.failures = [GraphNotFound(404, "x")] * 2
    assert world.roll_out() == (True, {"missing": 2, "moved": 1, "waiting": 37})


def test_an_unaccepted_token_ends_it_without_a_conclusion_about_others(world: RolloutWorld) -> None:
    """A 401 ends the run."""
    world.add(40)
    world.subscriptions.failures = [GraphUnauthorized(401, "x")]
    must_wait, results = world.roll_out()
    assert (must_wait, results) == (True, {"failed": 1, "waiting": 39})


def test_replacements_need_no_handshake_record(world: RolloutWorld) -> None:
    """Graph has validated both URLs of the new subscription when it answers the POST."""
    world.add(15)
    world.is_right = False
    assert world.roll_out(verb="replace") == (False, {"replaced": 15})
    assert (world.moved, world.rollout_row.read().first_url) == (15, "")


class FailingRow(SingleRow[Rollout]):
    """The row of the rollout; its third and eighth write fail."""

    writes = 0

    def write(self, decide: Callable[[Rollout], dict[str, Any]]) -> Rollout:
        """Write, or fail."""
        self.writes += 1
        if self.writes in (3, 8):
            raise ServiceUnavailable("storage")
        return super().write(decide)


def test_a_count_that_cannot_be_written_does_not_end_the_run(world: RolloutWorld) -> None:
    """The batch then takes one more."""
    world.rollout_row = FailingRow(lambda: world.rows, Rollout, "rollout")
    world.add(9)
    assert world.roll_out() == (False, {"moved": 9})
