"""Creating a watch: concurrent and repeated calls create one, and a failed call leaves nothing behind."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from shared.config import Settings
from shared.errors import (
    ConfigurationError,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphRejected,
    GraphUnavailable,
    RequestRejected,
    ServiceUnavailable,
)
from shared.graph.client_state import verified
from shared.graph.subscriptions import Subscription, resource_of
from shared.storage.watches import ABANDONED, Watch
from shared.subscriptions.subscribe import MAX_WAIT
from shared.watches.requests import WatchRequest
from tests.support.world import MAILBOX, OLD, SETTINGS, WATCH_ID, World

REQUEST = WatchRequest(MAILBOX)
DIRECT = WatchRequest(MAILBOX, "direct", "https://partner.example/graph")


def set_up(world: World, request: WatchRequest = REQUEST) -> tuple[Watch, bool]:
    """Make a setup call."""
    return world.watch_setup.subscribe(request)


def rejection(world: World, request: WatchRequest = REQUEST) -> RequestRejected:
    """Return the error of a setup call."""
    with pytest.raises(RequestRejected) as caught:
        set_up(world, request)
    return caught.value


def nothing_is_left(world: World) -> bool:
    """Return whether there is neither a watch nor a subscription."""
    return list(world.watches.rows()) == [] and not world.subscriptions.existing


def test_a_watch_is_stored_and_subscribed(world: World) -> None:
    """It is live; Graph's subscription has its clientState, and expires after the full lifetime."""
    watch, is_new = set_up(world)
    [existing] = world.subscriptions.existing.values()
    assert is_new
    assert (watch.id, watch.state, watch.subscription_id) == (WATCH_ID, "live", existing.id)
    assert existing.notification_url == "https://relay.example/api/notifications"
    assert watch.expires == existing.expires == world.time + timedelta(minutes=10_000)
    says = verified(world.subscriptions.states[existing.id], [OLD])
    assert says is not None
    assert says.watch_id == watch.id
    assert world.watches.get(watch.id) == watch


def test_a_repeated_call_returns_the_existing_watch(world: World) -> None:
    """Without a second call to Graph."""
    first, _ = set_up(world)
    assert set_up(world) == (first, False)
    assert world.subscriptions.calls == ["create"]


def test_ten_concurrent_calls_create_a_single_watch(world: World) -> None:
    """One call returns it as new, nine as existing; Graph is called once."""
    results: list[tuple[Watch, bool]] = []
    barrier = threading.Barrier(10)
    world.on_sleep = lambda _: time.sleep(0.001)  # all ten share the clock

    def call() -> None:
        barrier.wait(180)
        results.append(set_up(world))

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(is_new for _, is_new in results) == [False] * 9 + [True]
    assert len({watch.subscription_id for watch, _ in results}) == 1
    assert world.subscriptions.calls == ["create"]


def test_a_mailbox_that_is_not_allowed_is_rejected_first(world: World) -> None:
    """The call fails with 403 and the same text, whether the mailbox exists or not."""
    first, second = (rejection(world, WatchRequest(f"{name}@elsewhere.example")) for name in ("real", "unreal"))
    assert (first.status, str(first)) == (403, str(second))
    assert (world.subscriptions.calls, world.rows.rows) == ([], {})


def test_direct_delivery_names_the_partners_address(world: World) -> None:
    """Graph posts there; a different request for the same mailbox is a conflict."""
    world.settings = Settings.load(SETTINGS | {"ALLOWED_NOTIFICATION_HOSTS": "partner.example"})
    watch, _ = set_up(world, DIRECT)
    assert world.subscriptions.existing[watch.subscription_id].notification_url == DIRECT.notification_url
    assert rejection(world).status == 409
    assert rejection(world, WatchRequest(MAILBOX, "direct", "https://partner.example/other")).status == 409
    assert set_up(world, DIRECT) == (watch, False)


@pytest.mark.parametrize(
    ("failure", "status"),
    [(GraphNotFound(404, "ErrorInvalidUser"), 422), (GraphForbidden(403, "ErrorAccessDenied"), 502),
     (GraphRejected(400, "ValidationError"), 502), (GraphUnavailable(429, "x", "", 7.2), 503),
     (GraphUnavailable(503, "x"), 503), (GraphUnavailable(0, "NoAnswer.ReadTimeout"), 503)],
)  # fmt: skip
def test_an_error_of_graph_leaves_nothing_behind(world: World, failure: GraphError, status: int) -> None:
    """The call fails with the matching status and Graph's code, and leaves neither a watch nor a subscription."""
    world.subscriptions.failures = [failure]
    error = rejection(world)
    assert error.status == status
    assert failure.code in str(error)
    assert nothing_is_left(world)


def test_a_throttled_call_repeats_graphs_retry_after(world: World) -> None:
    """Without a Retry-After of Graph it has a default."""
    world.subscriptions.failures = [GraphUnavailable(429, "x", "", 7.2)]
    assert rejection(world).retry_after == 7.2
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert rejection(world).retry_after == 30


def test_a_missing_permission_is_named(world: World) -> None:
    """The error says which one, and how it may be scoped."""
    world.subscriptions.failures = [GraphForbidden(403, "ErrorAccessDenied", "r-1")]
    text = str(rejection(world))
    assert "Calendars.Read" in text
    assert "r-1" in text


def test_a_lost_response_leaves_no_subscription(world: World) -> None:
    """Graph created the subscription, but the response was lost: a second POST names its id, and it is deleted."""

    def created_and_lost() -> None:
        world.subscriptions.existing["s-x"] = Subscription(
            "s-x", resource_of(MAILBOX), "https://relay.example/api/notifications", "", world.time
        )
        world.subscriptions.during_create = lambda: None
        raise GraphUnavailable(0, "NoAnswer.ReadTimeout")

    world.subscriptions.during_create = created_and_lost
    assert rejection(world).status == 503
    assert nothing_is_left(world)


def test_an_error_of_the_relay_leaves_nothing_behind(world: World) -> None:
    """A missing secret is not reported as an error of Graph."""
    world.subscriptions.failures = [ConfigurationError("client-state-key", "create it")]
    with pytest.raises(ConfigurationError):
        set_up(world)
    assert nothing_is_left(world)


def test_a_storage_failure_after_graphs_response_leaves_no_subscription(world: World) -> None:
    """The subscription was created, but could not be recorded."""

    def storage_goes() -> None:
        world.rows.failing = 1
        world.subscriptions.during_create = lambda: None

    world.subscriptions.during_create = storage_goes
    with pytest.raises(ServiceUnavailable):
        set_up(world)
    assert nothing_is_left(world)


def test_a_storage_failure_before_the_call_to_graph_leaves_no_watch(world: World) -> None:
    """Otherwise the timer would create the subscription a minute after the partner got an error."""
    world.ledger_rows.failing = 1
    with pytest.raises(ServiceUnavailable):
        set_up(world)
    assert nothing_is_left(world)


def test_an_existing_subscription_of_the_relay_is_adopted(world: World) -> None:
    """Graph returns 409 and names it: an earlier call created it and crashed. Nothing is listed, nothing is deleted."""
    world.subscriptions.existing["s-x"] = Subscription(
        "s-x", resource_of(MAILBOX).upper(), "https://relay.example/api/notifications", "", world.time
    )
    watch, is_new = set_up(world)
    assert (is_new, watch.subscription_id, list(world.subscriptions.existing)) == (True, "s-x", ["s-x"])
    assert world.subscriptions.calls == ["create", "get"]


def test_an_existing_foreign_subscription_is_left_alone(world: World) -> None:
    """It belongs to another deployment with the same app registration."""
    theirs = Subscription("s-x", resource_of(MAILBOX), "https://other.example/api/notifications", "", world.time)
    world.subscriptions.existing["s-x"] = theirs
    assert rejection(world).status == 409
    assert list(world.subscriptions.existing) == ["s-x"]
    assert list(world.watches.rows()) == []


def test_an_abandoned_setup_is_taken_over(world: World) -> None:
    """Only after its time, and by one call only."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None, pending_since=world.time)
    world.pass_by(ABANDONED.total_seconds() - MAX_WAIT.total_seconds() - 1)
    assert rejection(world).status == 503
    world.pass_by(2)
    watch, is_new = set_up(world)
    assert (is_new, watch.state) == (True, "live")


def test_a_setup_in_progress_is_waited_for(world: World) -> None:
    """When the watch is live, the second call returns it with 200."""
    pending = world.watch(state="pending", subscription_id="", expires=None, pending_since=world.time)

    def goes_live(seconds: float) -> None:
        world.pass_by(seconds)
        if len(world.slept) == 5:
            world.watches.change(pending, state="live", subscription_id="s-1", pending_since=None)

    world.on_sleep = goes_live
    watch, is_new = set_up(world)
    assert (is_new, watch.subscription_id) == (False, "s-1")


def test_a_watch_deleted_while_it_is_set_up_leaves_nothing(world: World) -> None:
    """The deletion wins."""
    world.subscriptions.during_create = world.rows.rows.clear
    assert rejection(world).status == 409
    assert nothing_is_left(world)
