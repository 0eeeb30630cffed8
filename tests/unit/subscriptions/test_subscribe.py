"""Claims about setting up and taking down: once, whoever asks how often, and nothing half-made is left."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from shared.errors import (
    ConfigurationError,
    GraphConflict,
    GraphForbidden,
    GraphNotFound,
    GraphRejected,
    GraphUnavailable,
    RelayError,
    RequestRejected,
    ServiceUnavailable,
)
from shared.graph.client_state import watch_named_by
from shared.graph.subscriptions import Subscription, resource_of
from shared.storage.watches import ABANDONED, Watch
from shared.subscriptions.subscribe import PATIENCE
from shared.watches.requests import WatchRequest
from tests.support.world import MAILBOX, OLD, WATCH_ID, World

WISH = WatchRequest(MAILBOX)
DIRECT = WatchRequest(MAILBOX, "direct", "https://partner.example/graph")


def set_up(world: World, wish: WatchRequest = WISH) -> tuple[Watch, bool]:
    """Make a setup call."""
    return world.watch_setup.subscribe(wish)


def refusal(world: World, wish: WatchRequest = WISH) -> RequestRejected:
    """Return how a setup call is refused."""
    with pytest.raises(RequestRejected) as caught:
        set_up(world, wish)
    return caught.value


def nothing_is_left(world: World) -> bool:
    """Return whether there is neither a watch nor a subscription."""
    return not world.rows.rows and not world.subscriptions.standing


def test_a_watch_is_stored_and_subscribed(world: World) -> None:
    """Live, with Graph's subscription, whose clientState names it and whose end is the lifetime away."""
    watch, is_new = set_up(world)
    [standing] = world.subscriptions.standing.values()
    assert is_new
    assert (watch.id, watch.state, watch.subscription_id) == (WATCH_ID, "live", standing.id)
    assert standing.notification_url == "https://relay.example/api/notifications"
    assert watch.expires == standing.expires == world.time + timedelta(minutes=10_000)
    assert watch_named_by(world.subscriptions.states[standing.id], [OLD]) == watch.id
    assert world.watches.get(watch.id) == watch


def test_asking_again_gives_the_standing_one(world: World) -> None:
    """200, the same watch, and no second call to Graph."""
    first, _ = set_up(world)
    assert set_up(world) == (first, False)
    assert world.subscriptions.calls == ["create"]


def test_ten_calls_at_once_make_one(world: World) -> None:
    """One is told that it is new, nine that it stands; Graph is asked once."""
    answers: list[tuple[Watch, bool]] = []
    gate = threading.Barrier(10)
    world.sleep = lambda _: time.sleep(0.001)  # type: ignore[method-assign]  # the clock is for all ten

    def call() -> None:
        gate.wait(5)
        answers.append(set_up(world))

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(is_new for _, is_new in answers) == [False] * 9 + [True]
    assert len({watch.subscription_id for watch, _ in answers}) == 1
    assert world.subscriptions.calls == ["create"]


def test_a_mailbox_that_is_not_allowed_is_refused_before_anything_happens(world: World) -> None:
    """403 with the same text whether it exists or not."""
    first, second = (refusal(world, WatchRequest(f"{name}@elsewhere.example")) for name in ("real", "unreal"))
    assert (first.status, str(first)) == (403, str(second))
    assert (world.subscriptions.calls, world.rows.rows) == ([], {})


def test_direct_delivery_names_the_partners_address(world: World) -> None:
    """Graph posts there; another wish for the same mailbox is a conflict."""
    watch, _ = set_up(world, DIRECT)
    assert world.subscriptions.standing[watch.subscription_id].notification_url == DIRECT.notification_url
    assert refusal(world).status == 409
    assert refusal(world, WatchRequest(MAILBOX, "direct", "https://partner.example/other")).status == 409
    assert set_up(world, DIRECT) == (watch, False)


@pytest.mark.parametrize(
    ("failure", "status"),
    [(GraphNotFound(404, "ErrorInvalidUser"), 422), (GraphForbidden(403, "ErrorAccessDenied"), 502),
     (GraphRejected(400, "ValidationError"), 502), (GraphUnavailable(429, "x", "", 7.2), 503),
     (GraphUnavailable(503, "x"), 503), (GraphUnavailable(0, "NoAnswer.ReadTimeout"), 503)],
)  # fmt: skip
def test_a_refusal_of_graph_says_what_to_do_and_leaves_nothing(world: World, failure: RelayError, status: int) -> None:
    """Each with its status, Graph's code, and neither watch nor subscription."""
    world.subscriptions.failures = [failure]
    error = refusal(world)
    assert error.status == status
    assert failure.code in str(error)  # type: ignore[attr-defined]
    assert nothing_is_left(world)


def test_a_throttled_call_repeats_graphs_wish(world: World) -> None:
    """And has one of its own when Graph has none."""
    world.subscriptions.failures = [GraphUnavailable(429, "x", "", 7.2)]
    assert refusal(world).retry_after == 7.2
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert refusal(world).retry_after == 30


def test_a_missing_permission_is_named(world: World) -> None:
    """Which one, and where it may be scoped."""
    world.subscriptions.failures = [GraphForbidden(403, "ErrorAccessDenied", "r-1")]
    text = str(refusal(world))
    assert "Calendars.Read" in text
    assert "r-1" in text


def test_an_answer_that_was_lost_leaves_no_subscription(world: World) -> None:
    """Graph made it, the answer never came: it is found by listing and removed."""

    def made_and_lost() -> None:
        world.subscriptions.standing["s-x"] = Subscription(
            "s-x", resource_of(MAILBOX), "https://relay.example/api/notifications", "", world.time
        )
        raise GraphUnavailable(0, "NoAnswer.ReadTimeout")

    world.subscriptions.during_create = made_and_lost
    assert refusal(world).status == 503
    assert nothing_is_left(world)


def test_a_failure_of_ours_is_passed_on_and_leaves_nothing(world: World) -> None:
    """A missing secret is no fault of Graph's."""
    world.subscriptions.failures = [ConfigurationError("client-state-key", "create it")]
    with pytest.raises(ConfigurationError):
        set_up(world)
    assert nothing_is_left(world)


def test_a_storage_failure_after_graphs_answer_leaves_no_subscription(world: World) -> None:
    """The subscription was made, its note could not be written."""

    def storage_goes() -> None:
        world.rows.failing = 1

    world.subscriptions.during_create = storage_goes
    with pytest.raises(ServiceUnavailable):
        set_up(world)
    assert nothing_is_left(world)


def test_a_storage_failure_before_graph_is_asked_leaves_no_watch(world: World) -> None:
    """Else the timer makes a subscription a minute later that the partner was told had failed."""
    world.ledger_rows.failing = 1
    with pytest.raises(ServiceUnavailable):
        set_up(world)
    assert nothing_is_left(world)


def test_a_standing_subscription_of_ours_is_replaced(world: World) -> None:
    """409: an earlier call made it and was killed; its clientState may be of a retired key."""
    world.subscriptions.standing["s-x"] = Subscription(
        "s-x", resource_of(MAILBOX).upper(), "https://relay.example/api/notifications", "", world.time
    )
    world.subscriptions.failures = [GraphConflict(409, "Conflict")]
    watch, is_new = set_up(world)
    assert (is_new, list(world.subscriptions.standing)) == (True, [watch.subscription_id])


def test_a_standing_subscription_of_somebody_else_is_left_alone(world: World) -> None:
    """Another deployment with the same app registration."""
    theirs = Subscription("s-x", resource_of(MAILBOX), "https://other.example/api/notifications", "", world.time)
    world.subscriptions.standing["s-x"] = theirs
    assert refusal(world).status == 409
    assert list(world.subscriptions.standing) == ["s-x"]
    assert world.rows.rows == {}


def test_a_setup_that_was_killed_halfway_is_taken_over(world: World) -> None:
    """Not before its time, and by one call only."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None, pending_since=world.time)
    world.pass_by(ABANDONED.total_seconds() - PATIENCE.total_seconds() - 1)
    assert refusal(world).status == 503
    world.pass_by(2)
    watch, is_new = set_up(world)
    assert (is_new, watch.state) == (True, "live")


def test_a_setup_under_way_is_waited_for(world: World) -> None:
    """It goes live after a while: the second caller gets it with 200."""
    pending = world.watch(state="pending", subscription_id="", expires=None, pending_since=world.time)
    sleep = world.sleep

    def goes_live(seconds: float) -> None:
        sleep(seconds)
        if len(world.slept) == 5:
            world.watches.change(pending, state="live", subscription_id="s-1", pending_since=None)

    world.sleep = goes_live  # type: ignore[method-assign]
    watch, is_new = set_up(world)
    assert (is_new, watch.subscription_id) == (False, "s-1")


def test_a_watch_deleted_while_it_is_set_up_leaves_nothing(world: World) -> None:
    """The deletion wins."""
    world.subscriptions.during_create = world.rows.rows.clear
    assert refusal(world).status == 409
    assert nothing_is_left(world)
