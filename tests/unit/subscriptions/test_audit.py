"""The audit counts subscriptions that no row names, and decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import GraphForbidden, GraphUnavailable
from shared.storage.leases import Seen
from shared.storage.unknown_subscriptions import unknown_id_of
from tests.support.unknown_world import ELSEWHERE, UnknownWorld
from tests.support.world import MAILBOX, START, WATCH_ID


@pytest.fixture
def world() -> Iterator[UnknownWorld]:
    """Return a world with one living, watched mailbox."""
    made = UnknownWorld()
    made.watch()
    made.stray("s-0", MAILBOX)
    yield made
    made.end()


def test_what_posts_here_and_is_named_by_no_row_is_counted(world: UnknownWorld) -> None:
    """With mailbox, end, and the times of the first and the last audit that found it. Nothing is deleted."""
    lost = world.stray("lost")
    assert world.run_audit() == "audited"
    first = world.time
    world.run_audit()
    (row,) = world.unknown_subscriptions.all()
    assert (row.id, row.subscription_id, row.mailbox) == (unknown_id_of("lost"), "lost", "lost@contoso.com")
    assert (row.expires, row.first_seen, row.seen) == (lost.expires, first, world.time)
    assert world.deleted == []


@pytest.mark.parametrize("changes", [
    {"notification_url": ELSEWHERE}, {"lifecycle_url": ""}, {"lifecycle_url": ELSEWHERE},
    {"notification_url": "HTTPS://Relay.Example:443/api/Notifications/", "lifecycle_url": ""},
    {"notification_url": ELSEWHERE, "lifecycle_url": "https://relay.example/api/lifecycle/"},
    {"resource": "me/messages"},
])  # fmt: skip
def test_each_form_of_the_relays_urls_is_recognized(world: UnknownWorld, changes: dict[str, str]) -> None:
    """One of the two URLs is enough, in any spelling of host, port and path."""
    world.stray("lost", **changes)
    world.run_audit()
    assert world.unknown == ["lost"]


@pytest.mark.parametrize("changes", [
    {"notification_url": ELSEWHERE, "lifecycle_url": ELSEWHERE}, {"notification_url": ELSEWHERE, "lifecycle_url": ""},
    {"notification_url": "https://other.example/api/notifications", "lifecycle_url": ""},
    {"notification_url": "https://relay.example:8443/api/notifications", "lifecycle_url": ""},
    {"notification_url": "https://relay.example/other", "lifecycle_url": ""},
    {"notification_url": "https://relay.example/api/notifications?code=another", "lifecycle_url": ""},
    {"notification_url": "https://[relay", "lifecycle_url": ""},
    {"expires": START},
])  # fmt: skip
def test_what_posts_elsewhere_or_has_ended_is_absent(world: UnknownWorld, changes: dict[str, Any]) -> None:
    """Another app of the same registration is not the relay's concern."""
    world.stray("other", **changes)
    world.run_audit()
    assert world.unknown == []


def test_what_a_row_names_as_former_is_not_unknown(world: UnknownWorld) -> None:
    """A replaced subscription lives until its end."""
    world.watch("room2@contoso.com", former_id="lost")
    world.stray("lost")
    world.run_audit()
    assert world.unknown == []


def test_a_subscription_that_is_being_created_is_not_unknown(world: UnknownWorld) -> None:
    """Graph lists it before the row names it; the mailbox may be named by its object id."""
    world.pass_by(6 * 3600)
    world.watch("new@contoso.com", subscription_id="", pending_since=world.time, user_id="0A-B")
    world.stray("new", "new@contoso.com")
    world.stray("newer", "0a-b")
    assert world.audit.run() == "audited"
    assert world.unknown == []


def test_a_watch_that_is_set_up_during_the_audit_counts_with_its_new_row(world: UnknownWorld) -> None:
    """The rows are read again after the list."""
    world.subscriptions.existing.clear()
    world.stray("new", "new@contoso.com")

    def set_up() -> None:
        world.watch("new@contoso.com", subscription_id="new")

    world.subscriptions.on_page = set_up
    world.run_audit()
    assert world.unknown == []


def test_an_empty_list_or_an_empty_table_deletes_nothing(world: UnknownWorld) -> None:
    """An empty list counts nothing; after the loss of all rows every subscription is counted."""
    for number in range(100):
        world.watch(f"room-{number}@contoso.com", subscription_id=f"r-{number}")
        world.stray(f"r-{number}", f"room-{number}@contoso.com")
    existing, world.subscriptions.existing = world.subscriptions.existing, {}
    assert (world.run_audit(), world.unknown) == ("audited", [])
    world.subscriptions.existing = existing
    world.rows.rows = {key: row for key, row in world.rows.rows.items() if key[0] != "watch"}
    assert (world.run_audit(), len(world.unknown)) == ("audited", 101)
    assert (world.deleted, len(world.subscriptions.existing)) == ([], 101)


def test_while_a_row_cannot_be_read_nothing_is_unknown(world: UnknownWorld) -> None:
    """The row may name any subscription: the audit is void, says so, and finishes no deletion."""
    world.stray("lost")
    world.run_audit()
    counted = world.time
    world.stray("another", "another@contoso.com")
    world.tombstones.write("another", world.time)
    world.spoil(WATCH_ID)
    assert world.run_audit() == "audit-void"
    assert (world.unknown, world.deleted) == (["lost"], [])
    state = world.unknown_subscriptions.state()
    assert (state.counted_at, state.void_since) == (counted, world.time)
    assert "1 watches that this version cannot read" in state.void_reason
    world.restore(WATCH_ID)
    assert world.run_audit() == "audited"
    assert world.unknown_subscriptions.state().void_since is None


@pytest.mark.parametrize("error", [GraphUnavailable(503, "x"), GraphForbidden(403, "x"), GraphUnavailable(0, "x")])
def test_a_page_that_fails_makes_the_audit_void(world: UnknownWorld, error: Exception) -> None:
    """The former result stays, with its time, although the list names the subscription no more."""
    world.stray("lost")
    world.run_audit()
    counted = world.time
    del world.subscriptions.existing["lost"]
    world.subscriptions.failures = [error]
    assert world.run_audit() == "audit-void"
    assert (world.unknown, world.unknown_subscriptions.state().counted_at) == (["lost"], counted)


def test_an_audit_of_more_than_four_minutes_is_void(world: UnknownWorld) -> None:
    """A list without an end costs four minutes, once in six hours."""
    world.subscriptions.endless = True
    world.subscriptions.on_page = lambda: world.pass_by(10)
    assert world.run_audit() == "audit-void"
    assert "longer than 0:04:00" in world.unknown_subscriptions.state().void_reason


def test_what_the_list_no_longer_has_is_forgotten_after_a_whole_audit(world: UnknownWorld) -> None:
    """Also what a row names by now."""
    world.stray("lost")
    world.stray("found", "found@contoso.com")
    world.run_audit()
    del world.subscriptions.existing["lost"]
    world.watch("found@contoso.com", subscription_id="found")
    world.run_audit()
    assert world.unknown == []


def test_an_audit_runs_once_in_six_hours(world: UnknownWorld) -> None:
    """Also after a crash; a second call does nothing."""
    assert world.audit.is_due()
    assert (world.audit.run(), world.audit.run()) == ("audited", "audit-not-due")
    world.pass_by(6 * 3600 - 1)
    assert not world.audit.is_due()
    world.pass_by(1)
    assert world.audit.is_due()
    world.subscriptions.failures = [RuntimeError("crash")]
    with pytest.raises(RuntimeError):
        world.audit.run()
    assert world.audit.run() == "audit-not-due"


def test_another_holder_of_the_lease_is_left_alone(world: UnknownWorld) -> None:
    """The result names what to wait for; without an end of the other the lease is taken in time."""
    world.leases.acquire("audit", world.time)
    seen = world.audit.run()
    assert isinstance(seen, Seen)
    assert world.audit.run(waited_for=seen.etag) == "audited"


def test_an_audit_that_loses_its_lease_is_void(world: UnknownWorld) -> None:
    """A process that was frozen for ten minutes writes nothing more, whatever its wall clock says."""
    world.stray("lost")

    def freeze() -> None:
        world.leases.clock = lambda: world.time.timestamp() + 600

    world.subscriptions.on_page = freeze
    assert (world.run_audit(), world.unknown) == ("audit-void", [])
    assert "lost its lease" in world.unknown_subscriptions.state().void_reason


def test_the_address_of_an_ended_subscription_is_deleted_by_any_audit(world: UnknownWorld) -> None:
    """Also by a void one: a list that fails for weeks must not keep addresses for weeks."""
    world.stray("lost")
    world.run_audit()
    world.pass_by(6 * 86400)
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert (world.run_audit(), world.unknown) == ("audit-void", [])
