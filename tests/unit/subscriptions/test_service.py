"""Renewing, asking for, moving, replacing and pausing one subscription; gone is what answered 404 twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphForbidden, GraphNotFound, GraphUnauthorized, GraphUnavailable
from shared.graph.client_state import Key
from shared.graph.subscriptions import DeleteReason
from shared.messages import Job
from shared.subscriptions.due import CONFIRM_AFTER, LOOKUP_EVERY
from shared.subscriptions.losses import MARGIN
from tests.support.subscribed import (
    ELSEWHERE,
    LIFECYCLE,
    LIFETIME,
    PARTNER_URL,
    SOON,
    URL,
    at_graph,
    lost,
    stored,
    subscribed,
)
from tests.support.world import OLD, START, WATCH_ID, World

MINUTE = CONFIRM_AFTER.total_seconds()
NEWER = Key("v2", b"the secret after a rotation", START - timedelta(days=1))


def test_a_loss_takes_two_404s_a_minute_apart(world: World) -> None:
    """The first answers a PATCH and is noted, with a GET a minute later; the second answers that GET."""
    watch = lost(world, left=SOON)
    noted = world.subscription_service.renew(watch)
    assert noted is not None
    assert (noted.missing_since, noted.state, noted.subscription_id) == (START, "live", watch.subscription_id)
    delay = (CONFIRM_AFTER + MARGIN).total_seconds()
    assert world.work.wanted == [(Job(WATCH_ID, "lookup", watch.subscription_id, at=START), delay)]
    world.pass_by(MINUTE - 1)
    assert world.losses.look_up(noted) == noted
    world.pass_by(1)
    after = world.losses.look_up(noted)
    assert after is not None
    assert (after.subscription_id, after.missing_since, after.former_id) == ("s-1", None, watch.subscription_id)
    assert after.gap_since is not None
    assert world.subscriptions.calls == ["renew", "get", "get", "create"]


@pytest.mark.parametrize("lives", [True, False])
def test_the_second_404_is_that_of_a_get(world: World, lives: bool) -> None:  # noqa: FBT001
    """PATCH has answered 404 for hours for what GET found: a second 404 to PATCH is followed by a GET."""
    watch = subscribed(world, left=SOON, missing_since=START - 2 * CONFIRM_AFTER)
    if not lives:
        world.subscriptions.existing.clear()
    world.subscriptions.failures = [GraphNotFound(404, "ResourceNotFound")]
    after = world.subscription_service.renew(watch)
    assert after is not None
    assert world.subscriptions.calls == ["renew", "get", *([] if lives else ["create"])]
    assert (after.subscription_id, after.missing_since) == (watch.subscription_id if lives else "s-1", None)


def test_a_removed_event_is_the_first_evidence(world: World) -> None:
    """A second event soon after is no second evidence; a GET a minute later is."""
    watch = lost(world)
    removed = Job(WATCH_ID, "subscriptionRemoved", watch.subscription_id)
    assert world.job_runner.run_job(removed) == "missing"
    assert (stored(world).missing_since, world.subscriptions.calls) == (START, [])
    [ask] = world.work.take_jobs()
    world.pass_by(MINUTE - 1)
    assert world.job_runner.run_job(removed) == "missing"
    assert "create" not in world.subscriptions.calls
    world.pass_by(1)
    assert world.job_runner.run_job(ask) == "kept"
    assert stored(world).subscription_id == "s-1"


def test_a_removed_event_for_a_subscription_that_exists_changes_nothing(world: World) -> None:
    """The GET clears the doubt."""
    watch = subscribed(world)
    world.job_runner.run_job(Job(WATCH_ID, "subscriptionRemoved", watch.subscription_id))
    world.pass_by(MINUTE)
    assert world.job_runner.run_job(world.work.take_jobs()[0]) == "kept"
    row = stored(world)
    assert (row.missing_since, row.looked_up_at, row.subscription_id) == (None, world.time, watch.subscription_id)
    assert (row.due_at, world.subscriptions.calls) == (world.time + LOOKUP_EVERY, ["get"])


def test_a_subscription_whose_end_has_passed_is_created_again_at_once(world: World) -> None:
    """One 404 is enough: it has ended, whatever Graph says."""
    after = world.subscription_service.renew(lost(world, left=timedelta()))
    assert after is not None
    assert (after.subscription_id, world.subscriptions.calls) == ("s-1", ["renew", "create"])


def test_a_get_says_where_a_subscription_posts(world: World) -> None:
    """The row of an earlier version learns it, without any change at Graph."""
    watch = subscribed(world, described_id="", posts_to="", lifecycle_url="")
    after = world.losses.look_up(watch)
    assert after is not None
    assert (after.described_id, after.posts_to, after.lifecycle_url) == (watch.subscription_id, URL, LIFECYCLE)


def test_a_subscription_that_posts_elsewhere_than_its_row_says_is_changed_by_the_next_run(world: World) -> None:
    """A GET found it: the row is due now, not a day later."""
    watch = subscribed(world)
    existing = world.subscriptions.existing
    existing[watch.subscription_id] = replace(existing[watch.subscription_id], notification_url=ELSEWHERE)
    after = world.losses.look_up(watch)
    assert after is not None
    assert (after.posts_to, after.due_at) == (ELSEWHERE, world.time)
    world.pass_by(1)
    world.reconciler.run()
    assert existing[watch.subscription_id].notification_url == URL


@pytest.mark.parametrize("error", [
    GraphForbidden(403, "x"), GraphUnauthorized(401, "x"), GraphUnavailable(503, "x"), GraphUnavailable(429, "x"),
])  # fmt: skip
def test_no_other_answer_is_evidence_of_a_loss(world: World, error: Exception) -> None:
    """To the PATCH or to the GET."""
    watch = subscribed(world, left=SOON)
    for call in (world.subscription_service.renew, world.losses.look_up):
        world.subscriptions.failures = [error]
        with pytest.raises(type(error)):
            call(stored(world))
    row = stored(world)
    assert (row.missing_since, row.subscription_id, world.work.wanted) == (None, watch.subscription_id, [])


@pytest.mark.parametrize("error", [GraphUnavailable(0, "NoAnswer"), GraphUnavailable(200, "UnreadableSubscription")])
@pytest.mark.parametrize("move", [False, True])
def test_a_patch_whose_answer_is_lost_is_looked_up(world: World, error: Exception, move: bool) -> None:  # noqa: FBT001
    """A GET says the end and the address; also in the row."""
    watch = subscribed(world, left=SOON, posts_to=ELSEWHERE if move else URL)

    def done_but_lost() -> None:
        at_graph(world, watch.subscription_id, expires=START + LIFETIME)

    done_but_lost()
    world.subscriptions.failures = [error]
    service = world.subscription_service
    after = service.change_address(watch) if move else service.renew(watch)
    assert after is not None
    assert world.subscriptions.calls == ["address" if move else "renew", "get"]
    assert (after.expires, after.renewed, after.posts_to) == (START + LIFETIME, START, URL)


def attempt(world: World, *failures: Exception | None, move: bool = False) -> None:
    """Make a PATCH that fails."""
    world.subscriptions.failures = [*failures]
    service = world.subscription_service
    with pytest.raises(GraphUnavailable, match="NoAnswer"):
        service.change_address(stored(world)) if move else service.renew(stored(world))


def test_a_patch_that_was_not_carried_out_is_an_error(world: World) -> None:
    """The GET says the old end, or fails, too; the row shows the failure and keeps its end."""
    watch = subscribed(world, left=SOON)
    for failures in ((GraphUnavailable(0, "NoAnswer"),), (GraphUnavailable(0, "NoAnswer"), GraphNotFound(404, "x"))):
        attempt(world, *failures)
        row = stored(world)
        assert (row.expires, row.renewed, row.missing_since) == (watch.expires, watch.renewed, None)
        assert row.last_error


def test_an_address_that_did_not_change_is_an_error(world: World) -> None:
    """Although the end is later than the row says: an earlier answer was lost."""
    watch = subscribed(world, left=SOON, posts_to=ELSEWHERE)
    at_graph(world, watch.subscription_id, notification_url=ELSEWHERE, expires=START + LIFETIME)
    attempt(world, GraphUnavailable(0, "NoAnswer"), move=True)
    assert stored(world).posts_to == ELSEWHERE


def test_a_change_of_address_is_a_single_patch(world: World) -> None:
    """Nothing is deleted or created; the relay's URL, or with direct delivery the partner's."""
    moved = world.subscription_service.change_address(subscribed(world, posts_to=ELSEWHERE))
    direct: dict[str, Any] = {"delivery": "direct", "notification_url": PARTNER_URL, "posts_to": ELSEWHERE}
    other = world.subscription_service.change_address(subscribed(world, "room2@contoso.com", **direct))
    assert moved is not None
    assert other is not None
    assert (moved.posts_to, other.posts_to) == (URL, PARTNER_URL)
    assert world.subscriptions.calls == ["address", "address"]


@pytest.mark.parametrize("changes", [{"key_version": "v0"}, {"silent_resyncs": 2, "replaced_at": START}])
def test_an_unusable_subscription_is_deleted_before_its_successor_is_created(
    world: World, changes: dict[str, Any]
) -> None:
    """The row is claimed by then, and after a crash the tombstone says that it is not to be taken back."""
    watch = subscribed(world, **changes)
    before = []
    world.subscriptions.after_delete = lambda: before.append(stored(world))
    after = world.subscription_service.replace(watch)
    assert after is not None
    assert [(row.pending_since, row.former_id) for row in before] == [(START, watch.subscription_id)]
    assert world.tombstones.names(watch.subscription_id)
    assert world.subscriptions.deletions == [(watch.subscription_id, DeleteReason.REPLACED)]
    assert (after.subscription_id, world.subscriptions.calls) == ("s-1", ["delete", "create"])


@pytest.mark.parametrize("changes", [{"key_version": "v1"}, {"lifecycle_url": ELSEWHERE}])
def test_an_outdated_subscription_is_deleted_only_after_graphs_409(world: World, changes: dict[str, Any]) -> None:
    """POST comes first: where Graph allows two, none is deleted before the new one stands."""
    world.keys = [NEWER, OLD]
    watch = subscribed(world, left=SOON, **{"key_version": "v2"} | changes)
    after = world.subscription_service.replace(watch)
    assert after is not None
    assert world.subscriptions.calls == ["create", "get", "delete", "create"]
    assert world.subscriptions.deletions == [(watch.subscription_id, DeleteReason.REPLACED)]
    assert (after.key_version, after.lifecycle_url) == ("v2", LIFECYCLE)


def test_a_replacement_that_fails_deletes_nothing(world: World) -> None:
    """The POST is refused for another reason than a second subscription: the old one goes on, and is found again."""
    watch = subscribed(world, left=SOON, lifecycle_url=ELSEWHERE)
    world.subscriptions.failures = [GraphForbidden(403, "x")]
    with pytest.raises(GraphForbidden):
        world.subscription_service.replace(watch)
    assert (world.subscriptions.deletions, stored(world).former_id) == ([], watch.subscription_id)
    after = world.creation.recreate(stored(world))
    assert after is not None
    assert (after.subscription_id, after.key_version) == (watch.subscription_id, "v1")


def test_what_is_not_allowed_is_deleted_for_that_reason(world: World) -> None:
    """The row remembers the gap; a pause of a watch without a subscription calls nothing."""
    watch = subscribed(world, missing_since=START, retry_at=START)
    world.allow("other@contoso.com")
    paused = world.endings.pause(watch)
    assert paused is not None
    assert world.subscriptions.deletions == [(watch.subscription_id, DeleteReason.FORBIDDEN)]
    assert (paused.state, paused.gap_since, paused.subscription_id) == ("paused", START, "")
    assert (paused.missing_since, paused.retry_at, paused.due_at) == (None, None, START + LOOKUP_EVERY)
    world.endings.pause(paused)
    assert world.subscriptions.calls == ["delete"]


def test_a_nonce_is_believed_only_for_the_subscription_that_it_describes(world: World) -> None:
    """An earlier version made the present one without a nonce."""
    direct: dict[str, Any] = {"delivery": "direct", "notification_url": PARTNER_URL, "nonce": "n" * 12}
    described = world.subscription_service.client_state(subscribed(world, **direct))
    other = subscribed(world, "room2@contoso.com", described_id="s-0", **direct)
    assert (described or "").startswith(f"v1.{WATCH_ID}.d{'n' * 12}.")
    assert (world.subscription_service.client_state(other) or "").count(".") == 2
    world.keys = [NEWER]
    assert world.subscription_service.client_state(other) is None
