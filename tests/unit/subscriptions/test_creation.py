"""Creating a subscription, and adopting the one that Graph holds for the mailbox already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphConflict, GraphForbidden, GraphUnavailable, ServiceUnavailable
from shared.graph.client_state import Key, verified
from shared.graph.subscriptions import DeleteReason
from shared.storage.watches import ABANDONED, Watch
from tests.support.busy_table import BusyWorld
from tests.support.subscribed import ELSEWHERE, LIFECYCLE, PARTNER_URL, SOON, URL, at_graph, lost, stored, subscribed
from tests.support.world import MAILBOX, OLD, START, WATCH_ID, World

NEWER = Key("v2", b"the secret after a rotation", START - timedelta(days=1))
DIRECT: dict[str, Any] = {"delivery": "direct", "notification_url": PARTNER_URL}
LOST_ANSWER = GraphUnavailable(0, "NoAnswer.ReadTimeout")


def new_watch(world: World, mailbox: str = MAILBOX, **changes: Any) -> Watch:
    """Store a watch that never had a subscription."""
    fields = {"state": "pending", "subscription_id": "", "expires": None, "renewed": None, "key_version": ""}
    return world.watch(mailbox, **fields | changes)


def test_a_row_describes_what_its_subscription_was_created_with(world: World) -> None:
    """URLs, the key and the nonce of the clientState, and the time before the POST. It is asked for only later."""
    row = world.creation.recreate(new_watch(world))
    assert row == stored(world)
    assert (row.state, row.subscription_id, row.described_id) == ("live", "s-1", "s-1")
    assert (row.posts_to, row.lifecycle_url, row.key_version, row.renewed) == (URL, LIFECYCLE, "v1", START)
    assert (row.nonce, row.looked_up_at, row.pending_since, row.gap_since) == ("", None, None, None)


def test_the_wait_for_the_rate_limit_comes_before_the_claim(world: World) -> None:
    """A wait for it must not use up the time of the claim."""
    waits = []
    world.rows.before = lambda: waits.append((world.subscriptions.waits, stored_claim(world)))
    world.creation.recreate(new_watch(world))
    assert [wait for wait, is_claimed in waits if is_claimed][:1] == [1]
    assert not any(is_claimed for wait, is_claimed in waits if wait == 0)


def stored_claim(world: World) -> bool:
    """Return whether the row is claimed, without a call."""
    row = world.rows.rows.get(("watch", WATCH_ID))
    return row is not None and bool(row.get("pending_since"))


def test_a_409_is_followed_by_a_get_of_the_id_that_it_names(world: World) -> None:
    """The subscription posts to the relay: it is adopted. The list is never read, and nothing is deleted."""
    existing = at_graph(world, "s-x", expires=START + SOON)
    row = world.creation.recreate(new_watch(world))
    assert row is not None
    assert world.subscriptions.calls == ["create", "get"]
    assert (row.state, row.subscription_id, row.expires, row.looked_up_at) == ("live", "s-x", existing.expires, START)
    assert (row.key_version, row.renewed, row.described_id, row.posts_to) == ("", None, "s-x", URL)


def test_an_adopted_subscription_with_an_unknown_key_is_replaced_at_its_renewal(world: World) -> None:
    """Not at once: its notifications may well verify."""
    at_graph(world, "s-x", expires=START + timedelta(days=4))
    world.creation.recreate(new_watch(world))
    world.reconciler.run()
    assert world.subscriptions.deletions == []
    world.pass_by(timedelta(days=1, minutes=1).total_seconds())
    world.reconciler.run()
    assert world.subscriptions.deletions == [("s-x", DeleteReason.REPLACED)]
    assert (stored(world).subscription_id, stored(world).key_version) == ("s-1", "v1")


def test_the_former_subscription_keeps_its_key_when_it_is_adopted(world: World) -> None:
    """Graph had denied it twice, and refuses a second one: it lived all the time."""
    watch = subscribed(world, nonce="nonce")
    row = world.creation.recreate(watch)
    assert row is not None
    assert (row.subscription_id, row.key_version, row.nonce) == (watch.subscription_id, "v1", "nonce")
    assert (list(world.subscriptions.existing), world.subscriptions.deletions) == ([watch.subscription_id], [])


def test_a_409_without_an_id_is_about_the_former_subscription(world: World) -> None:
    """If Graph still has it; without a former one, the subscription is another's."""
    watch = subscribed(world)
    world.subscriptions.failures = [GraphConflict(409, "Conflict")]
    row = world.creation.recreate(watch)
    assert row is not None
    assert row.subscription_id == watch.subscription_id
    world.subscriptions.failures = [GraphConflict(409, "Conflict")]
    with pytest.raises(GraphConflict):
        world.creation.recreate(new_watch(world, "room2@contoso.com"))
    assert world.subscriptions.calls == ["create", "get", "create"]


@pytest.mark.parametrize("urls", [
    {"notification_url": ELSEWHERE, "lifecycle_url": ""}, {"notification_url": ELSEWHERE, "lifecycle_url": ELSEWHERE},
])  # fmt: skip
def test_a_subscription_that_posts_elsewhere_is_anothers(world: World, urls: dict[str, str]) -> None:
    """It is left alone, and the row says what stands in the way."""
    at_graph(world, "s-x", **urls)
    with pytest.raises(GraphConflict):
        world.creation.recreate(new_watch(world))
    row = stored(world)
    assert (row.state, row.subscription_id) == ("refused", "")
    assert "Another subscription" in row.last_error
    assert world.subscriptions.deletions == []


def test_a_409_for_a_subscription_that_is_gone_is_an_error(world: World) -> None:
    """Graph names a subscription and denies it: nothing is adopted."""
    world.subscriptions.failures = [GraphConflict(409, "Conflict", existing_id="s-x")]
    with pytest.raises(GraphConflict):
        world.creation.recreate(new_watch(world))
    assert stored(world).subscription_id == ""


def test_a_direct_subscription_with_an_unknown_client_state_is_replaced(world: World) -> None:
    """The partner could not verify it, and learns the clientState of the new one. It is deleted only after Graph has
    refused to hold two.
    """
    at_graph(world, "s-x", notification_url=PARTNER_URL)
    row = world.creation.recreate(new_watch(world, **DIRECT))
    assert row is not None
    assert world.subscriptions.calls == ["create", "get", "delete", "create"]
    assert world.subscriptions.deletions == [("s-x", DeleteReason.REPLACED)]
    says = verified(world.subscriptions.states[row.subscription_id], [OLD])
    assert says is not None
    assert (says.watch_id, says.kind) == (WATCH_ID, "direct")
    assert world.subscription_service.client_state(row) == world.subscriptions.states[row.subscription_id]


def test_a_direct_subscription_with_the_rows_client_state_is_adopted(world: World) -> None:
    """The row describes it: the partner goes on verifying it."""
    watch = subscribed(world, nonce="nonce", **DIRECT)
    row = world.creation.recreate(watch)
    assert row is not None
    assert (row.subscription_id, row.nonce, row.key_version) == (watch.subscription_id, "nonce", "v1")
    assert world.subscriptions.deletions == []


def test_a_direct_subscription_that_an_earlier_version_created_is_adopted(world: World) -> None:
    """Its clientState has the key that the row names and no nonce; the columns of another one are not believed."""
    watch = subscribed(world, described_id="another", nonce="nonce", **DIRECT)
    at_graph(world, watch.subscription_id, notification_url=PARTNER_URL)
    row = world.creation.recreate(watch)
    assert row is not None
    assert (row.subscription_id, row.key_version, row.nonce) == (watch.subscription_id, "v1", "")
    assert world.subscriptions.deletions == []


def test_a_direct_watch_keeps_its_client_state_in_a_new_subscription(world: World) -> None:
    """The partner got it once. It changes only when its key is retired."""
    watch = lost(world, nonce="nonce", **DIRECT)
    world.keys = [NEWER, OLD]
    before = world.subscription_service.client_state(watch)
    row = world.creation.recreate(watch)
    assert row is not None
    assert world.subscriptions.states[row.subscription_id] == before
    world.subscriptions.existing.clear()
    world.keys = [NEWER]
    after = world.creation.recreate(row)
    assert after is not None
    assert (after.key_version, len(after.nonce)) == ("v2", 12)


def test_a_relay_watch_is_signed_with_the_newest_key_and_no_nonce(world: World) -> None:
    """An earlier version, to which an update may be rolled back, verifies this form only."""
    world.keys = [NEWER, OLD]
    row = world.creation.recreate(lost(world, nonce="nonce"))
    assert row is not None
    assert (row.key_version, row.nonce) == ("v2", "")
    assert world.subscriptions.states[row.subscription_id].count(".") == 2


def test_an_interrupted_creation_takes_the_former_subscription_if_it_lives(world: World) -> None:
    """It is asked for before a second one is requested."""
    watch = subscribed(world)
    claimed = world.watches.claim(watch, START)
    assert claimed is not None
    world.pass_by(ABANDONED.total_seconds())
    row = world.creation.recreate(claimed)
    assert row is not None
    assert (row.subscription_id, world.subscriptions.calls) == (watch.subscription_id, ["get"])


def test_a_lost_answer_is_followed_by_an_adoption(world: World) -> None:
    """The POST was carried out: the next one gets a 409 that names it."""
    watch = new_watch(world)

    def created_and_lost() -> None:
        at_graph(world, "s-x")
        world.subscriptions.during_create = lambda: None
        raise LOST_ANSWER

    world.subscriptions.during_create = created_and_lost
    with pytest.raises(GraphUnavailable):
        world.creation.recreate(watch)
    row = world.creation.recreate(stored(world))
    assert row is not None
    assert (row.subscription_id, list(world.subscriptions.existing)) == ("s-x", ["s-x"])


def test_a_failure_is_recorded_and_ends_the_claim(world: World) -> None:
    """The next attempt need not wait until the claim has expired; the row knows the former subscription."""
    watch = lost(world)
    world.subscriptions.failures = [GraphForbidden(403, "x")]
    with pytest.raises(GraphForbidden):
        world.creation.recreate(watch)
    row = stored(world)
    assert (row.pending_since, row.former_id, row.former_expires) == (None, watch.subscription_id, watch.expires)
    assert row.gap_since == START


def test_only_the_first_of_two_processes_creates(world: World) -> None:
    """The other one finds the claim, or the new subscription, and calls nothing."""
    watch = lost(world)
    others = []
    world.subscriptions.during_create = lambda: others.append(world.creation.recreate(watch))
    row = world.creation.recreate(watch)
    assert row is not None
    assert [other.pending_since for other in others if other] == [START]
    assert world.creation.recreate(watch) == row
    assert world.subscriptions.calls.count("create") == 1


@pytest.fixture
def busy() -> Iterator[BusyWorld]:
    """Return a world whose rows others write to; its threads end with the test."""
    made = BusyWorld()
    yield made
    made.end()


def test_a_claim_is_tried_a_bounded_number_of_times(busy: BusyWorld) -> None:
    """With ten writers a second it succeeds after some; if each read is outdated, it ends with an error."""
    watch = lost(busy)
    busy.rows.write_to(WATCH_ID)
    busy.rows.busy = 1_000
    with pytest.raises(ServiceUnavailable, match="writers"):
        busy.creation.recreate(watch)
    assert busy.rows.foreign_writes < 20
    assert (busy.subscriptions.calls, busy.subscriptions.waits) == ([], 1)
    busy.rows.busy = 2
    assert (busy.creation.recreate(watch) or watch).subscription_id == "s-1"
