"""An administrator deletes unknown subscriptions; each is checked again, and none that is wanted is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared import problems
from shared.errors import GraphForbidden, GraphUnavailable, RequestRejected, ServiceUnavailable
from shared.graph.subscriptions import DeleteReason
from shared.storage.watches import watch_id_of
from tests.support.unknown_world import ELSEWHERE, UnknownWorld
from tests.support.world import MAILBOX, WATCH_ID

LOST = "lost@contoso.com"


@pytest.fixture
def world() -> Iterator[UnknownWorld]:
    """Return a world with one watched mailbox, and two subscriptions that the audit found unknown."""
    made = UnknownWorld()
    made.watch()
    made.stray("s-0", MAILBOX)
    made.stray("lost", LOST)
    made.stray("other", "other@contoso.com")
    made.run_audit()
    yield made
    made.end()


def kept(world: UnknownWorld) -> dict[str, str]:
    """Return the subscriptions that a cleanup keeps, with the reasons."""
    result = world.unknown_cleanup.delete_all("admin")
    return {stored.subscription_id: reason for stored, reason in result.kept}


def test_what_no_watch_names_is_deleted_by_request(world: UnknownWorld, caplog: pytest.LogCaptureFixture) -> None:
    """The request is written as a tombstone before each DELETE, and is in the audit log; nothing else is touched."""
    result = world.unknown_cleanup.delete_all("an admin")
    assert (result.deleted, result.ended, result.kept, result.left) == (2, 0, [], 0)
    assert {reason for _, reason in world.deleted} == {DeleteReason.TOMBSTONE}
    assert world.tombstones.names("lost")
    assert world.subscriptions.existing.keys() == {"s-0"}
    assert world.unknown == []
    assert "delete-unknown-subscriptions by an admin: number=2 kept=0 left=0" in caplog.text


def test_the_tombstone_finishes_a_delete_without_an_answer(world: UnknownWorld) -> None:
    """The next audit sends the DELETE again."""
    world.subscriptions.failures = [None, GraphUnavailable(0, "NoAnswer")]
    assert len(kept(world)) == 1
    assert world.subscriptions.existing.keys() > {"s-0"}
    world.run_audit()
    assert (world.unknown, set(world.subscriptions.existing)) == ([], {"s-0"})


def test_a_twin_of_a_living_subscription_is_deleted_as_such(world: UnknownWorld) -> None:
    """The one that the row names answered GET just now. The tombstone keeps others from taking it over."""
    world.stray("s-2", LOST)
    world.watch(LOST, subscription_id="s-2")
    assert kept(world) == {}
    assert ("lost", DeleteReason.TWIN) in world.deleted
    assert world.tombstones.names("lost")
    assert "s-2" in world.subscriptions.existing


def test_a_watch_is_looked_up_by_its_object_id(world: UnknownWorld) -> None:
    """Graph may name the mailbox by it."""
    lost = world.subscriptions.existing["lost"]
    world.subscriptions.existing["lost"] = replace(lost, resource="Users('0A-B')/Events")
    world.watch(LOST, subscription_id="", user_id="0a-b")
    assert kept(world) == {"lost": "only-subscription"}


@pytest.mark.parametrize("watch", [
    {"subscription_id": ""}, {"subscription_id": "missing"}, {"subscription_id": "", "state": "refused"},
    {"subscription_id": "expired"},
])  # fmt: skip
def test_the_only_subscription_of_a_watched_mailbox_is_kept(world: UnknownWorld, watch: dict[str, str]) -> None:
    """The watch's next attempt takes it over. Once it names another living one, this one can be deleted."""
    world.stray("expired", LOST, expires=world.time)
    stored = world.watch(LOST, **watch)
    assert kept(world) == {"lost": "only-subscription"}
    assert "lost" in world.subscriptions.existing
    assert world.unknown == ["lost"]
    world.stray("s-2", LOST)
    world.watches.change(stored, subscription_id="s-2")
    assert kept(world) == {}
    assert "lost" not in world.subscriptions.existing


def test_a_mailbox_that_is_being_set_up_keeps_its_subscription(world: UnknownWorld) -> None:
    """Its row may name this one soon."""
    world.watch(LOST, subscription_id="", pending_since=world.time, state="paused")
    assert kept(world) == {"lost": "only-subscription"}


def test_a_paused_watch_needs_none(world: UnknownWorld) -> None:
    """The customer's settings do not allow it."""
    world.watch(LOST, subscription_id="", state="paused")
    assert kept(world) == {}
    assert "lost" not in world.subscriptions.existing


@pytest.mark.parametrize("column", ["subscription_id", "former_id"])
def test_what_a_row_names_by_now_is_kept_and_no_longer_unknown(world: UnknownWorld, column: str) -> None:
    """Rows are read again before anything is deleted."""
    world.watch("alias@contoso.com", **{"subscription_id": "", column: "lost"})
    assert kept(world) == {"lost": "row-names-it"}
    assert ("lost" in world.subscriptions.existing, world.unknown) == (True, [])


def test_a_row_that_names_it_during_the_cleanup_is_seen(world: UnknownWorld) -> None:
    """The mailbox's row is read once more before the DELETE."""
    world.subscriptions.after_delete = lambda: _adopt(world)
    assert list(kept(world).values()) == ["row-names-it"]
    assert len(world.deleted) == 1


def test_what_posts_elsewhere_by_now_is_kept(world: UnknownWorld) -> None:
    """It belongs to another relay."""
    lost = world.subscriptions.existing["lost"]
    world.subscriptions.existing["lost"] = replace(lost, notification_url=ELSEWHERE, lifecycle_url="")
    assert kept(world) == {"lost": "posts-elsewhere"}
    assert ("lost" in world.subscriptions.existing, world.unknown) == (True, [])


def test_what_has_ended_meanwhile_is_counted_as_such(world: UnknownWorld) -> None:
    """A second cleanup has nothing to do."""
    world.subscriptions.existing.clear()
    result = world.unknown_cleanup.delete_all("admin")
    assert (result.deleted, result.ended, world.deleted, world.unknown) == (0, 2, [], [])


def test_a_row_that_cannot_be_read_forbids_every_deletion(world: UnknownWorld) -> None:
    """Any row may name any subscription: 409, and not one call to Graph."""
    world.spoil(WATCH_ID)
    world.subscriptions.calls.clear()
    with pytest.raises(RequestRejected) as refused:
        world.unknown_cleanup.delete_all("admin")
    assert refused.value.problem == problems.WATCHES_UNREADABLE
    assert (world.subscriptions.calls, len(world.unknown)) == ([], 2)


def test_an_error_of_graph_keeps_that_subscription_only(world: UnknownWorld) -> None:
    """Also while asking for the twin: without its answer nothing is deleted."""
    first, second = sorted(world.unknown_subscriptions.all(), key=lambda row: row.id)
    world.watch(first.mailbox, subscription_id="s-2")
    world.subscriptions.failures = [None, GraphUnavailable(503, "x")]
    assert kept(world) == {first.subscription_id: "graph-error"}
    assert [deleted for deleted, _ in world.deleted] == [second.subscription_id]
    assert world.unknown == [first.subscription_id]


def test_a_call_ends_after_three_errors_in_a_row(world: UnknownWorld) -> None:
    """Graph is down or refuses: the rest is left."""
    _fill(world, 10)
    world.subscriptions.failures = [GraphForbidden(403, "x")] * 10
    result = world.unknown_cleanup.delete_all("admin")
    assert (len(result.kept), result.left, world.deleted) == (3, 7, [])


def test_errors_between_answers_do_not_end_a_call(world: UnknownWorld) -> None:
    """They concern single subscriptions."""
    _fill(world, 8)
    world.subscriptions.failures = [GraphUnavailable(503, "x"), None, None] * 4
    result = world.unknown_cleanup.delete_all("admin")
    assert (len(result.kept), result.deleted, result.left) == (4, 4, 0)


def test_a_call_ends_in_time(world: UnknownWorld) -> None:
    """The next one goes on where it ended."""
    _fill(world, 10)
    world.subscriptions.after_delete = lambda: world.pass_by(20)
    assert [_numbers(world) for _ in range(4)] == [(3, 7), (3, 4), (3, 1), (1, 0)]


def test_what_was_deleted_before_an_error_is_in_the_audit_log(
    world: UnknownWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Storage fails after the first."""

    def fail() -> None:
        world.rows.failing = 1

    world.subscriptions.after_delete = fail
    with pytest.raises(ServiceUnavailable):
        world.unknown_cleanup.delete_all("admin")
    assert len(world.deleted) == 1
    assert "delete-unknown-subscriptions by admin: number=1" in caplog.text


def _adopt(world: UnknownWorld) -> None:
    for each in [*world.subscriptions.existing.values()]:
        mailbox = "lost@contoso.com" if each.id == "lost" else "other@contoso.com"
        if each.id != "s-0" and world.watches.get(watch_id_of(mailbox)) is None:
            world.watch(mailbox, subscription_id=each.id)


def _fill(world: UnknownWorld, number: int) -> None:
    world.subscriptions.existing = {"s-0": world.subscriptions.existing["s-0"]}
    for each in range(number):
        world.stray(f"u-{each}", f"u-{each}@contoso.com")
    world.run_audit()


def _numbers(world: UnknownWorld) -> tuple[int, int]:
    result = world.unknown_cleanup.delete_all("admin")
    return result.deleted, result.left
