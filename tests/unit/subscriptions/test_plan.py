"""Each difference between watches and subscriptions gets one step, and nothing else gets any."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.graph.subscriptions import Subscription, resource_of
from shared.storage.watches import ABANDONED, State, Watch, watch_id_of
from shared.subscriptions.plan import LATEST, SOONEST, DesiredState, Step, plan
from tests.support.world import MAILBOX, START

URL, LIFECYCLE = "https://relay.example/api/notifications", "https://relay.example/api/lifecycle"
ELSEWHERE = "https://other.example/api/notifications"
PARTNER = "https://partner.example/graph"
FAR, SOON = START + timedelta(days=6), START + timedelta(hours=1)
DESIRED = DesiredState(
    START, START - timedelta(seconds=5), URL, LIFECYCLE, timedelta(days=3), ["v2", "v1"], "v2", lambda _: True
)


def watch(mailbox: str = MAILBOX, **changes: Any) -> Watch:
    """Return a live watch whose subscription is s-1."""
    given: dict[str, Any] = {"state": "live", "since": START - timedelta(days=9), "subscription_id": "s-1",
                             "expires": FAR, "renewed": START - timedelta(days=1), "key_version": "v2"}  # fmt: skip
    return Watch(watch_id_of(mailbox), mailbox, changes.pop("delivery", "relay"), START, **(given | changes))


def subscription(name: str = "s-1", mailbox: str = MAILBOX, **changes: Any) -> Subscription:
    """Return a subscription that needs no step."""
    return replace(Subscription(name, resource_of(mailbox), URL, LIFECYCLE, FAR), **changes)


Short = list[tuple[str, str, tuple[str, ...]]]


def steps(watches: list[Watch], subscriptions: list[Subscription], **desired: Any) -> Short:
    """Return the plan in short: verb, subscription, deletions before it."""
    planned = plan(watches, subscriptions, replace(DESIRED, **desired))
    return [(step.verb, step.subscription.id if step.subscription else "", step.clear) for step in planned]


def test_no_difference_needs_no_step() -> None:
    """A live watch with its subscription, and no watch at all."""
    assert steps([watch()], [subscription()]) == steps([], []) == []


def test_a_missing_subscription_is_created() -> None:
    """For a watch that was never live, and for one whose subscription Graph lost."""
    assert steps([watch(state="pending", subscription_id="", expires=None)], []) == [("create", "", ())]
    assert steps([watch()], []) == [("create", "", ())]


def test_a_subscription_created_after_the_listing_is_not_missing() -> None:
    """Another run created it during the listing."""
    assert steps([watch(renewed=DESIRED.listed_at)], []) == []
    assert steps([watch(renewed=DESIRED.listed_at - timedelta(microseconds=1))], []) == [("create", "", ())]


def test_a_creation_in_progress_is_left_alone() -> None:
    """Until it is abandoned; then its leftovers are cleared first."""
    made = subscription("s-9")
    making = watch(state="pending", subscription_id="", pending_since=START - ABANDONED + timedelta(seconds=1))
    assert steps([making], [made]) == []
    assert steps([replace(making, pending_since=START - ABANDONED)], [made]) == [("create", "", ("s-9",))]


@pytest.mark.parametrize(("left", "verb"), [(timedelta(days=3), []), (timedelta(days=3, seconds=-1), ["renew"])])
def test_a_subscription_that_expires_soon_is_renewed(left: timedelta, verb: list[str]) -> None:
    """Graph's expiry counts, not the one in the row."""
    end = START + left
    assert [one[0] for one in steps([watch(expires=end)], [subscription(expires=end)])] == verb
    assert [one[0] for one in steps([watch(expires=FAR)], [subscription(expires=START + timedelta(days=1))])] == [
        "renew"
    ]


def test_a_surplus_subscription_is_deleted() -> None:
    """The recorded one stays, because only its clientState is known."""
    later = subscription("s-2", expires=FAR + timedelta(hours=5))
    assert steps([watch()], [later, subscription()]) == [("delete", "s-2", ())]


def test_an_orphan_at_the_relays_urls_is_deleted() -> None:
    """Either URL identifies it, whatever it watches."""
    orphans = [
        subscription("s-2", "nobody@contoso.com"),
        subscription("s-3", notification_url=ELSEWHERE, resource="users/6f0c/messages"),
        subscription("s-4", lifecycle_url="", resource="users/6f0c/messages"),
    ]
    assert steps([], orphans) == [("delete", name, ()) for name in ("s-2", "s-3", "s-4")]


def test_a_foreign_subscription_is_never_touched() -> None:
    """It belongs to another deployment of the same app registration, even when it is for the same mailbox."""
    foreign = subscription("s-2", notification_url=ELSEWHERE, lifecycle_url="https://other.example/api/lifecycle")
    assert steps([watch()], [subscription(), foreign]) == []
    assert steps([watch()], [foreign]) == [("create", "", ())]
    assert steps([watch(state="paused", subscription_id="")], [foreign], allows=lambda _: False) == []


@pytest.mark.parametrize(
    ("watched", "stands"),
    [
        (watch(), subscription(notification_url=ELSEWHERE)),
        (watch(), subscription(lifecycle_url="")),
        (watch(), subscription(lifecycle_url="https://other.example/api/lifecycle")),
        (watch(key_version="v0"), subscription()),
        (watch(key_version="v1"), subscription(expires=SOON)),
        (
            watch(delivery="direct", notification_url=PARTNER),
            subscription(notification_url="https://old.partner.example/graph"),
        ),
    ],
)
def test_an_unusable_subscription_is_replaced(watched: Watch, stands: Subscription) -> None:
    """It has an old URL, no lifecycle URL, a retired key, or at its renewal an older key."""
    surplus = subscription("s-2")
    assert steps([watched], [stands, surplus]) == [("replace", "s-1", ("s-2",))]


def test_an_older_key_that_still_verifies_waits_for_the_renewal() -> None:
    """A key rotation does not replace all subscriptions immediately."""
    assert steps([watch(key_version="v1")], [subscription()]) == []


def test_a_direct_watch_keeps_its_client_state() -> None:
    """The partner knows and checks it."""
    direct = watch(delivery="direct", notification_url=PARTNER, key_version="v0")
    stands = subscription(notification_url=PARTNER)
    assert steps([direct], [stands]) == []
    assert steps([direct], [replace(stands, expires=SOON)]) == [("renew", "s-1", ())]


def test_a_watch_off_the_allow_list_is_paused_once() -> None:
    """Other subscriptions at the relay's URLs are deleted, too."""
    assert steps([watch()], [subscription()], allows=lambda _: False) == [("pause", "s-1", ())]
    assert steps([watch()], [], allows=lambda _: False) == [("pause", "", ())]
    paused = watch(state="paused", subscription_id="", expires=None)
    assert steps([paused], [], allows=lambda _: False) == []
    assert steps([paused], [subscription("s-2")], allows=lambda _: False) == [("delete", "s-2", ())]
    assert steps([paused], []) == [("create", "", ())]


def test_an_undecided_watch_is_neither_created_nor_paused() -> None:
    """Its room list cannot be read: an existing subscription is renewed."""
    assert steps([watch()], [], allows=lambda _: None) == []
    assert steps([watch()], [subscription()], allows=lambda _: None) == []
    assert steps([watch()], [subscription(expires=SOON)], allows=lambda _: None) == [("renew", "s-1", ())]


@pytest.mark.parametrize("state", ["refused", "gone"])
@pytest.mark.parametrize(
    ("lasted", "rest"),
    [
        (timedelta(), SOONEST),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=30), LATEST),
    ],
)
def test_a_refused_watch_is_retried_with_growing_delays(state: State, lasted: timedelta, rest: timedelta) -> None:
    """After an hour, then doubling, at least once a day."""

    def tried(ago: timedelta) -> Watch:
        moment: datetime = START - ago
        return watch(state=state, subscription_id="", since=moment - lasted, tried=moment)

    assert steps([tried(rest - timedelta(seconds=1))], []) == []
    assert steps([tried(rest)], []) == [("create", "", ())]


def test_a_watch_that_backs_off_keeps_its_subscription() -> None:
    """Its retry is a PATCH, which tests the permission; a surplus subscription is deleted immediately."""
    resting = watch(state="refused", since=START, tried=START - timedelta(minutes=59))
    assert steps([resting], [subscription(expires=SOON), subscription("s-2")]) == [("delete", "s-2", ())]
    assert steps([replace(resting, tried=START - SOONEST)], [subscription()]) == [("renew", "s-1", ())]


def test_the_row_is_synced_with_graphs_expiry() -> None:
    """An earlier run stopped between its PATCH and its write."""
    assert steps([watch(expires=SOON)], [subscription()]) == [("sync_expiry", "s-1", ())]


def test_the_most_urgent_steps_come_first() -> None:
    """Watches without notifications first, then by expiry, then cleanups."""
    watches = [
        watch("a@contoso.com", subscription_id="a"),
        watch("b@contoso.com", subscription_id="b"),
        watch("c@contoso.com", subscription_id=""),
        watch("d@contoso.com", subscription_id="d", key_version="v0"),
    ]
    listed = [
        subscription("orphan", "x@contoso.com"),
        subscription("a", "a@contoso.com", expires=SOON + timedelta(hours=1)),
        subscription("b", "b@contoso.com", expires=SOON),
        subscription("d", "d@contoso.com"),
    ]
    order: list[Step] = plan(watches, listed, DESIRED)
    assert [(step.verb, step.watch.mailbox[0] if step.watch else "") for step in order] == [
        ("create", "c"), ("replace", "d"), ("renew", "b"), ("renew", "a"), ("delete", ""),
    ]  # fmt: skip


def test_an_address_in_another_case_is_the_same_mailbox() -> None:
    """Graph returns the resource as it was written, or in its own form."""
    twin = subscription("s-2", resource="/Users/ROOM1%40contoso.com/Events/")
    assert steps([watch()], [subscription(), twin]) == [("delete", "s-2", ())]
