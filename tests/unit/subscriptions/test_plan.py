"""Claims about the plan: each difference between watches and subscriptions has its one step, and nothing else has."""

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
AIM = DesiredState(
    START, START - timedelta(seconds=5), URL, LIFECYCLE, timedelta(days=3), ["v2", "v1"], "v2", lambda _: True
)


def watch(mailbox: str = MAILBOX, **changes: Any) -> Watch:
    """Return a live watch whose subscription is s-1."""
    given: dict[str, Any] = {"state": "live", "since": START - timedelta(days=9), "subscription_id": "s-1",
                             "expires": FAR, "renewed": START - timedelta(days=1), "key_version": "v2"}  # fmt: skip
    return Watch(watch_id_of(mailbox), mailbox, changes.pop("delivery", "relay"), START, **(given | changes))


def standing(name: str = "s-1", mailbox: str = MAILBOX, **changes: Any) -> Subscription:
    """Return a sound subscription."""
    return replace(Subscription(name, resource_of(mailbox), URL, LIFECYCLE, FAR), **changes)


Short = list[tuple[str, str, tuple[str, ...]]]


def steps(watches: list[Watch], subscriptions: list[Subscription], **aim: Any) -> Short:
    """Return the plan in short: verb, the subscription, what is cleared."""
    found = plan(watches, subscriptions, replace(AIM, **aim))
    return [(one.verb, one.subscription.id if one.subscription else "", one.clear) for one in found]


def test_what_is_in_order_is_left_alone() -> None:
    """A live watch with its sound subscription, and nothing at all."""
    assert steps([watch()], [standing()]) == steps([], []) == []


def test_what_is_missing_is_created() -> None:
    """A watch that was never live, and one whose subscription Graph has no more."""
    assert steps([watch(state="pending", subscription_id="", expires=None)], []) == [("create", "", ())]
    assert steps([watch()], []) == [("create", "", ())]


def test_what_was_made_after_the_listing_is_not_missing() -> None:
    """Another run made it while we listed."""
    assert steps([watch(renewed=AIM.listed_at)], []) == []
    assert steps([watch(renewed=AIM.listed_at - timedelta(microseconds=1))], []) == [("create", "", ())]


def test_what_somebody_is_making_is_theirs() -> None:
    """Until they must have been killed; then whatever they left is cleared first."""
    made = standing("s-9")
    making = watch(state="pending", subscription_id="", pending_since=START - ABANDONED + timedelta(seconds=1))
    assert steps([making], [made]) == []
    assert steps([replace(making, pending_since=START - ABANDONED)], [made]) == [("create", "", ("s-9",))]


@pytest.mark.parametrize(("left", "verb"), [(timedelta(days=3), []), (timedelta(days=3, seconds=-1), ["renew"])])
def test_what_expires_within_the_time_is_renewed(left: timedelta, verb: list[str]) -> None:
    """By what Graph says of its end, not by what the row remembers."""
    end = START + left
    assert [one[0] for one in steps([watch(expires=end)], [standing(expires=end)])] == verb
    assert [one[0] for one in steps([watch(expires=FAR)], [standing(expires=START + timedelta(days=1))])] == ["renew"]


def test_a_surplus_is_deleted_and_the_recorded_one_kept() -> None:
    """Only the recorded one's clientState is known."""
    later = standing("s-2", expires=FAR + timedelta(hours=5))
    assert steps([watch()], [later, standing()]) == [("delete", "s-2", ())]


def test_an_orphan_at_our_urls_is_deleted() -> None:
    """By either URL, whatever it watches."""
    orphans = [
        standing("s-2", "nobody@contoso.com"),
        standing("s-3", notification_url=ELSEWHERE, resource="users/6f0c/messages"),
        standing("s-4", lifecycle_url="", resource="users/6f0c/messages"),
    ]
    assert steps([], orphans) == [("delete", name, ()) for name in ("s-2", "s-3", "s-4")]


def test_what_is_not_ours_is_never_touched() -> None:
    """Another deployment of the same app registration, even for the same mailbox."""
    foreign = standing("s-2", notification_url=ELSEWHERE, lifecycle_url="https://other.example/api/lifecycle")
    assert steps([watch()], [standing(), foreign]) == []
    assert steps([watch()], [foreign]) == [("create", "", ())]
    assert steps([watch(state="paused", subscription_id="")], [foreign], allows=lambda _: False) == []


@pytest.mark.parametrize(
    ("watched", "stands"),
    [
        (watch(), standing(notification_url=ELSEWHERE)),
        (watch(), standing(lifecycle_url="")),
        (watch(), standing(lifecycle_url="https://other.example/api/lifecycle")),
        (watch(key_version="v0"), standing()),
        (watch(key_version="v1"), standing(expires=SOON)),
        (
            watch(delivery="direct", notification_url=PARTNER),
            standing(notification_url="https://old.partner.example/graph"),
        ),
    ],
)
def test_what_cannot_do_its_work_is_replaced(watched: Watch, stands: Subscription) -> None:
    """A stale URL, no lifecycle URL, a retired key, and at its renewal one of an older key."""
    surplus = standing("s-2")
    assert steps([watched], [stands, surplus]) == [("replace", "s-1", ("s-2",))]


def test_an_older_key_that_still_verifies_waits_for_the_renewal() -> None:
    """A rotation does not replace everything at once."""
    assert steps([watch(key_version="v1")], [standing()]) == []


def test_a_direct_watch_keeps_its_client_state() -> None:
    """The partner knows it, and checks it."""
    direct = watch(delivery="direct", notification_url=PARTNER, key_version="v0")
    stands = standing(notification_url=PARTNER)
    assert steps([direct], [stands]) == []
    assert steps([direct], [replace(stands, expires=SOON)]) == [("renew", "s-1", ())]


def test_what_is_not_allowed_is_paused_once() -> None:
    """And what stands at our URLs beside it goes, too."""
    assert steps([watch()], [standing()], allows=lambda _: False) == [("pause", "s-1", ())]
    assert steps([watch()], [], allows=lambda _: False) == [("pause", "", ())]
    paused = watch(state="paused", subscription_id="", expires=None)
    assert steps([paused], [], allows=lambda _: False) == []
    assert steps([paused], [standing("s-2")], allows=lambda _: False) == [("delete", "s-2", ())]
    assert steps([paused], []) == [("create", "", ())]


def test_what_is_not_known_to_be_allowed_is_neither_made_nor_taken() -> None:
    """A room list that cannot be read: the standing ones are kept alive."""
    assert steps([watch()], [], allows=lambda _: None) == []
    assert steps([watch()], [standing()], allows=lambda _: None) == []
    assert steps([watch()], [standing(expires=SOON)], allows=lambda _: None) == [("renew", "s-1", ())]


@pytest.mark.parametrize("state", ["refused", "gone"])
@pytest.mark.parametrize(
    ("lasted", "rest"),
    [
        (timedelta(), SOONEST),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=30), LATEST),
    ],
)
def test_what_needs_a_person_is_tried_ever_more_slowly(state: State, lasted: timedelta, rest: timedelta) -> None:
    """After an hour, doubling, once a day at the least."""

    def tried(ago: timedelta) -> Watch:
        moment: datetime = START - ago
        return watch(state=state, subscription_id="", since=moment - lasted, tried=moment)

    assert steps([tried(rest - timedelta(seconds=1))], []) == []
    assert steps([tried(rest)], []) == [("create", "", ())]


def test_one_that_rests_keeps_its_subscription_and_is_tried_by_a_patch() -> None:
    """The permission is asked again; a surplus goes at once."""
    resting = watch(state="refused", since=START, tried=START - timedelta(minutes=59))
    assert steps([resting], [standing(expires=SOON), standing("s-2")]) == [("delete", "s-2", ())]
    assert steps([replace(resting, tried=START - SOONEST)], [standing()]) == [("renew", "s-1", ())]


def test_the_row_learns_what_graph_says() -> None:
    """A run that was killed between the PATCH and its note."""
    assert steps([watch(expires=SOON)], [standing()]) == [("sync_expiry", "s-1", ())]


def test_the_most_urgent_come_first() -> None:
    """Who hears nothing before all, then by their ends, then what only tidies up."""
    watches = [
        watch("a@contoso.com", subscription_id="a"),
        watch("b@contoso.com", subscription_id="b"),
        watch("c@contoso.com", subscription_id=""),
        watch("d@contoso.com", subscription_id="d", key_version="v0"),
    ]
    listed = [
        standing("orphan", "x@contoso.com"),
        standing("a", "a@contoso.com", expires=SOON + timedelta(hours=1)),
        standing("b", "b@contoso.com", expires=SOON),
        standing("d", "d@contoso.com"),
    ]
    order: list[Step] = plan(watches, listed, AIM)
    assert [(step.verb, step.watch.mailbox[0] if step.watch else "") for step in order] == [
        ("create", "c"), ("replace", "d"), ("renew", "b"), ("renew", "a"), ("delete", ""),
    ]  # fmt: skip


def test_an_address_in_another_case_is_the_same_mailbox() -> None:
    """Graph repeats the resource as it was written, or in its own words."""
    twin = standing("s-2", resource="/Users/ROOM1%40contoso.com/Events/")
    assert steps([watch()], [standing(), twin]) == [("delete", "s-2", ())]
