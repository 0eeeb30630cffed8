"""What a reconcile run changes at Graph and in the rows, how fast, and what a failure does."""

from __future__ import annotations

from datetime import timedelta

from shared.errors import GraphUnavailable
from shared.graph.client_state import Key, verified
from shared.graph.subscriptions import DeleteReason, Subscription, resource_of
from shared.storage.watches import Watch, watch_id_of
from shared.subscriptions.due import CONFIRM_AFTER
from shared.subscriptions.timer.due_work import SWEEP_EVERY
from tests.support.world import MAILBOX, OLD, START, WATCH_ID, World

SOON = timedelta(hours=1)
URLS = ("https://relay.example/api/notifications", "https://relay.example/api/lifecycle")
LIFETIME = timedelta(minutes=10_000)


def subscribed(world: World, mailbox: str = MAILBOX, expires: timedelta = SOON) -> Watch:
    """Store a watch that has a subscription at Graph."""
    number, end = f"s-{mailbox}", world.time + expires
    world.subscriptions.existing[number] = Subscription(number, resource_of(mailbox), *URLS, end)
    asked = {"looked_up_at": world.time, "described_id": number, "posts_to": URLS[0], "lifecycle_url": URLS[1]}
    return world.watch(mailbox, subscription_id=number, expires=end, **asked)


def run(world: World) -> dict[str, int]:
    """Run the timer, and return the outcomes of the steps."""
    return dict(world.reconciler.reconcile())


def stored(world: World, mailbox: str = MAILBOX) -> Watch:
    """Return the stored watch of a mailbox."""
    watch = world.watches.get(watch_id_of(mailbox))
    assert watch is not None
    return watch


def test_a_renewal_is_a_single_patch(world: World) -> None:
    """Nothing is reauthorized or created, and nothing was missed; the row has the new expiry."""
    watch = subscribed(world)
    assert run(world) == {"renewed": 1}
    assert world.subscriptions.calls == ["renew"]
    after = stored(world)
    assert after.expires == world.subscriptions.existing[watch.subscription_id].expires
    assert world.jobs.take_jobs() == []


def test_nothing_to_do_costs_no_call(world: World) -> None:
    """The rows say what is due; Graph's list is not read."""
    subscribed(world, expires=timedelta(minutes=4_321))
    run(world)
    world.subscriptions.calls.clear()
    assert run(world) == {}
    assert world.subscriptions.calls == []


def test_a_lost_subscription_is_recreated_and_resynced(world: World) -> None:
    """A 404 to the PATCH is confirmed by a GET a minute later. The mark in the row goes once the resync is queued."""
    watch = subscribed(world)
    world.subscriptions.existing.clear()
    assert run(world) == {"missing": 1}
    world.pass_by(CONFIRM_AFTER.total_seconds())
    assert run(world) == {"created": 1}
    after = stored(world)
    assert list(world.subscriptions.existing) == [after.subscription_id] != [watch.subscription_id]
    assert (after.state, after.gap_since, after.missing_since) == ("live", None, None)
    assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == [(WATCH_ID, "resync")]


def test_a_first_creation_is_followed_by_no_resync(world: World) -> None:
    """No change can have been missed."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None)
    assert run(world) == {"created": 1}
    assert world.jobs.take_jobs() == []


def lose(world: World) -> None:
    """Let a subscription end, so that its loss needs no confirmation."""
    subscribed(world, expires=timedelta(minutes=-1))
    world.subscriptions.existing.clear()


def test_a_resync_that_could_not_be_queued_stays_needed(world: World) -> None:
    """The queue fails right after the subscription was created: the next run queues the resync."""
    lose(world)
    world.jobs.failure = GraphUnavailable(0, "queue")
    run(world)
    assert stored(world).gap_since is not None
    world.jobs.failure = None
    assert run(world) == {"resynced": 1}
    assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == [(WATCH_ID, "resync")]


def test_a_direct_watch_is_not_resynced(world: World) -> None:
    """Its changes never pass through the relay; the mark is removed."""
    url = "https://partner.example/graph"
    world.watch(delivery="direct", notification_url=url, subscription_id="", expires=None)
    run(world)
    assert world.jobs.take_jobs() == []
    assert stored(world).gap_since is None


def test_a_list_that_cannot_be_read_changes_nothing(world: World) -> None:
    """Renewals do not depend on Graph's list of subscriptions."""
    watch = subscribed(world)
    assert run(world) == {"renewed": 1}
    assert "list" not in world.subscriptions.calls
    assert stored(world).subscription_id == watch.subscription_id


def test_a_watch_deleted_meanwhile_stays_deleted(world: World) -> None:
    """The subscription created for it is deleted, and its tombstone names it."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None)
    world.subscriptions.during_create = world.rows.rows.clear
    assert run(world) == {"deleted-meanwhile": 1}
    assert world.subscriptions.existing == {}
    assert [reason for _, reason in world.subscriptions.deletions] == [DeleteReason.TOMBSTONE]


def test_a_surplus_subscription_is_not_deleted(world: World) -> None:
    """No row names it: that is no proof that nobody needs it. The audit counts it."""
    subscribed(world)
    extra = Subscription("s-2", resource_of("room9@contoso.com"), *URLS, START + LIFETIME)
    world.subscriptions.existing["s-2"] = extra
    for _ in range(3):
        run(world)
        world.pass_by(1800)
    assert (world.subscriptions.deletions, "s-2" in world.subscriptions.existing) == ([], True)


def test_all_rows_are_read_once_a_day(world: World) -> None:
    """A filter does not find the rows of an earlier version: they have no due time."""
    run(world)
    row = {"PartitionKey": "watch", "RowKey": WATCH_ID, "id": WATCH_ID, "mailbox": MAILBOX, "delivery": "relay",
           "created": START.isoformat(), "state": "live", "subscription_id": "s-0", "key_version": "v1",
           "expires": (START + SOON).isoformat()}  # fmt: skip
    world.rows.create_entity(row)
    world.subscriptions.existing["s-0"] = Subscription("s-0", resource_of(MAILBOX), *URLS, START + SOON)
    assert run(world) == {}
    world.pass_by(SWEEP_EVERY.total_seconds())
    world.subscriptions.existing["s-0"] = Subscription("s-0", resource_of(MAILBOX), *URLS, world.time + SOON)
    assert run(world) == {"renewed": 1}
    assert stored(world).due_at is not None


def test_a_client_state_of_the_previous_key_is_replaced_before_it_retires(world: World) -> None:
    """Only two keys verify: after the next rotation every notification would count as forged."""
    subscribed(world)
    newest = Key("v2", b"the secret after a rotation", START - timedelta(days=30))
    next_one = Key("v3", b"the secret after another one", START - timedelta(days=1))
    world.keys = [newest, OLD]
    assert run(world) == {"replaced": 1}
    world.keys = [next_one, newest]
    world.pass_by(timedelta(days=6).total_seconds())
    assert run(world) == {"replaced": 1}
    watch = stored(world)
    says = verified(world.subscriptions.states[watch.subscription_id], world.keys)
    assert says is not None
    assert says.watch_id == watch.id
