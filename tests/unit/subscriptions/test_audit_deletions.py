"""The audit finishes deletions that were interrupted, and health shows what it counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.errors import GraphForbidden, GraphUnavailable
from shared.graph.subscriptions import DeleteReason
from tests.support.unknown_world import ELSEWHERE, UnknownWorld
from tests.support.world import MAILBOX


@pytest.fixture
def world() -> Iterator[UnknownWorld]:
    """Return a world with one living, watched mailbox."""
    made = UnknownWorld()
    made.watch()
    made.stray("s-0", MAILBOX)
    yield made
    made.end()


def test_an_interrupted_deletion_is_finished(world: UnknownWorld) -> None:
    """The tombstone of the deleted watch is the reason; all others are only counted."""
    for name in ("gone", "lost"):
        world.stray(name, f"{name}@contoso.com")
    world.tombstones.write("gone", world.time)
    world.run_audit()
    assert (world.deleted, world.unknown) == ([("gone", DeleteReason.TOMBSTONE)], ["lost"])


@pytest.mark.parametrize(
    ("watch", "is_deleted"),
    [({"subscription_id": ""}, False), ({"subscription_id": "missing"}, False), ({"subscription_id": "twin"}, True),
     ({"subscription_id": "", "state": "paused"}, True), ({"subscription_id": "", "state": "refused"}, False)],
)  # fmt: skip
def test_a_deletion_is_not_finished_while_a_new_watch_has_no_other_subscription(
    world: UnknownWorld, watch: dict[str, str], *, is_deleted: bool
) -> None:
    """The mailbox was watched again after the deletion: its next attempt takes this subscription over."""
    world.stray("gone", "gone@contoso.com")
    world.stray("twin", "gone@contoso.com", notification_url=ELSEWHERE)
    world.tombstones.write("gone", world.time)
    world.watch("gone@contoso.com", **watch)
    world.run_audit()
    assert (world.deleted == [("gone", DeleteReason.TOMBSTONE)]) is is_deleted
    assert ("gone" in world.unknown) is not is_deleted


def test_a_deletion_that_graph_refuses_is_left_for_the_next_audit(world: UnknownWorld) -> None:
    """It stays counted, and the audit is whole."""
    world.stray("gone")
    world.tombstones.write("gone", world.time)
    world.subscriptions.failures = [None, GraphUnavailable(503, "x")]
    assert (world.run_audit(), world.unknown) == ("audited", ["gone"])
    assert (world.run_audit(), world.unknown) == ("audited", [])


def test_health_names_mailboxes_and_the_oldest(world: UnknownWorld) -> None:
    """Until they are gone; before the first audit and after an audit that found none all is well."""
    assert world.audit.health() == (True, "ok; none, not counted yet")
    world.stray("lost")
    world.run_audit()
    first = f"{world.time:%Y-%m-%dT%H:%M:%SZ}"
    world.stray("other", "other@contoso.com")
    world.run_audit()
    assert world.audit.health() == (False, (
        "2 subscriptions post to the relay that no row names (mailboxes lost@contoso.com, other@contoso.com, oldest "
        f"{first}): GET /api/relay/unknown-subscriptions"
    ))  # fmt: skip
    world.pass_by(7 * 86400)  # both have expired since
    assert world.audit.health()[0]


def test_health_says_when_nothing_was_counted_for_a_day(world: UnknownWorld) -> None:
    """A number without an age would look like knowledge."""
    world.run_audit()
    counted = f"{world.time:%Y-%m-%dT%H:%M:%SZ}"
    for _ in range(5):
        world.subscriptions.failures = [GraphForbidden(403, "Authorization_RequestDenied")]
        assert world.audit.health()[0]
        world.run_audit()
    world.pass_by(1)
    healthy, text = world.audit.health()
    assert (healthy, counted in text, "Authorization_RequestDenied" in text) == (False, True, True)


def test_a_watch_that_adopts_a_subscription_can_have_it_forgotten(world: UnknownWorld) -> None:
    """Then health need not wait for the next audit."""
    world.stray("lost")
    world.run_audit()
    world.unknown_subscriptions.forget("lost")
    world.unknown_subscriptions.forget("never seen")
    assert world.unknown == []
