"""What is due for a watch, by its row alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.resync.silence_rules import CARRIED_OUT_WITHIN, TWICE
from shared.storage.watches import ABANDONED, Watch, watch_id_of
from shared.subscriptions.due import CONFIRM_AFTER, LOOKUP_EVERY
from shared.subscriptions.plan import LAST, DesiredState, is_unverifiable, next_step
from tests.support.subscribed import ELSEWHERE, LIFECYCLE, PARTNER_URL, URL
from tests.support.world import MAILBOX, START

RENEW_BEFORE = timedelta(days=3)
FAR, SOON = START + timedelta(days=6), START + timedelta(hours=1)
SECOND = timedelta(seconds=1)
DESIRED = DesiredState(START, URL, LIFECYCLE, RENEW_BEFORE, ["v2", "v1"], "v2", "hash", lambda _: True)
NO_SUBSCRIPTION: dict[str, Any] = {"subscription_id": "", "expires": None}
EARLIER_VERSION: dict[str, Any] = {"described_id": "s-0", "posts_to": ELSEWHERE, "lifecycle_url": ELSEWHERE}
DIRECT: dict[str, Any] = {"delivery": "direct", "notification_url": PARTNER_URL, "posts_to": PARTNER_URL}


def watch(mailbox: str = MAILBOX, **changes: Any) -> Watch:
    """Return a live watch whose subscription is s-1, for which nothing is due."""
    given: dict[str, Any] = {
        "delivery": "relay", "state": "live", "since": START - timedelta(days=9), "subscription_id": "s-1",
        "expires": FAR, "renewed": START - timedelta(days=1), "key_version": "v2", "described_id": "s-1",
        "posts_to": URL, "lifecycle_url": LIFECYCLE, "looked_up_at": START - timedelta(hours=1),
        "due_at": START + timedelta(hours=23), "settings_hash": "hash",
    }  # fmt: skip
    return Watch(watch_id_of(mailbox), mailbox, created=START - timedelta(days=9), **given | changes)


def verb(given: Watch, **desired: Any) -> str:
    """Return the verb of the next step, or an empty text."""
    step = next_step(given, replace(DESIRED, **desired))
    return step.verb if step else ""


def test_a_live_watch_before_its_time_needs_no_step() -> None:
    """No call is made for it and nothing is written."""
    assert next_step(watch(), DESIRED) is None


def test_a_watch_without_subscription_gets_a_subscription() -> None:
    """A new one, and one whose loss was confirmed; not while the wait of an earlier failure lasts."""
    bare = watch(state="pending", **NO_SUBSCRIPTION)
    assert verb(bare) == "create"
    assert verb(replace(bare, retry_at=START + SECOND)) == ""
    assert verb(replace(bare, retry_at=START)) == "create"


def test_a_creation_in_progress_is_left_alone() -> None:
    """Until it is abandoned."""
    making = watch(state="pending", pending_since=START - ABANDONED + SECOND, **NO_SUBSCRIPTION)
    assert verb(making) == ""
    assert verb(replace(making, pending_since=START - ABANDONED)) == "create"


def test_a_subscription_is_renewed_when_its_end_is_near() -> None:
    """From the whole time before its end on."""
    assert verb(watch(expires=START + RENEW_BEFORE + SECOND)) == ""
    assert verb(watch(expires=START + RENEW_BEFORE)) == "renew"
    assert verb(watch(expires=None)) == "renew"


@pytest.mark.parametrize("changes", [
    {}, {"expires": SOON}, {"expires": START - SECOND}, {"key_version": "v0"}, {"posts_to": ELSEWHERE},
    {"state": "refused"}, {"gap_since": START}, {"retry_at": FAR},
])  # fmt: skip
def test_a_subscription_that_may_be_gone_is_only_looked_up(changes: dict[str, Any]) -> None:
    """Whatever else is due: 60 seconds after the first evidence, and not before."""
    doubted = watch(missing_since=START - CONFIRM_AFTER, **changes)
    assert verb(doubted) == "lookup"
    assert verb(replace(doubted, missing_since=START - CONFIRM_AFTER + SECOND)) == ""


def test_a_subscription_whose_key_is_retired_is_replaced_at_once() -> None:
    """Its notifications fail verification; but not while the wait of an earlier failure lasts."""
    assert verb(watch(key_version="v0")) == "replace"
    assert verb(watch(key_version="v0", retry_at=START + SECOND)) == ""


def test_a_silent_subscription_whose_replacement_was_decided_is_replaced() -> None:
    """Within the time for it: a decision of last week is out of date."""
    silent = watch(silent_resyncs=TWICE, replaced_at=START)
    assert verb(silent) == "replace"
    assert verb(replace(silent, silent_resyncs=TWICE - 1)) == ""
    assert verb(replace(silent, replaced_at=START - CARRIED_OUT_WITHIN)) == ""


def test_a_direct_watch_keeps_its_client_state_until_its_key_is_retired() -> None:
    """The partner knows and checks it: a newer key does not replace it. An unknown key is no retired one."""
    assert verb(watch(key_version="v1", **DIRECT)) == ""
    assert verb(watch(key_version="v1", expires=SOON, **DIRECT)) == "renew"
    assert verb(watch(key_version="v0", **DIRECT)) == "replace"
    assert verb(watch(key_version="v0", **DIRECT), is_retired=lambda _: False) == ""
    assert verb(watch(key_version="v0"), is_retired=lambda _: False) == "replace"
    assert not is_unverifiable(watch(key_version=""), ["v2"])


def test_another_address_is_changed_by_a_patch() -> None:
    """Of the relay, and of the partner for a direct watch; the subscription is not replaced."""
    assert verb(watch(posts_to=ELSEWHERE)) == "address"
    assert verb(watch(posts_to=ELSEWHERE, expires=SOON, key_version="v1")) == "address"
    assert verb(watch(**DIRECT)) == ""
    assert verb(watch(**DIRECT | {"posts_to": URL})) == "address"


@pytest.mark.parametrize("changes", [
    {"key_version": "v1"}, {"key_version": ""}, {"lifecycle_url": ELSEWHERE}, {"lifecycle_url": ""},
])  # fmt: skip
def test_what_a_patch_cannot_change_waits_for_the_renewal(changes: dict[str, Any]) -> None:
    """An older or unknown key and another lifecycle URL: only a new subscription changes them."""
    assert verb(watch(**changes)) == ""
    assert verb(watch(expires=SOON, **changes)) == "replace"


def test_a_row_that_an_earlier_version_changed_is_not_believed_about_addresses() -> None:
    """Its columns describe another subscription than the one it names: no PATCH and no replacement follows from them.
    The key is believed, because each version writes it.
    """
    assert verb(watch(**EARLIER_VERSION)) == ""
    assert verb(watch(expires=SOON, **EARLIER_VERSION)) == "renew"
    assert verb(watch(expires=SOON, key_version="v1", **EARLIER_VERSION)) == "replace"
    assert verb(watch(key_version="v0", **EARLIER_VERSION)) == "replace"


def test_a_watch_that_is_not_allowed_is_paused_once() -> None:
    """Also one that waits or has no subscription; and while it is not allowed, nothing is created."""
    for each in (watch(), watch(retry_at=FAR), watch(missing_since=START), watch(state="refused", **NO_SUBSCRIPTION)):
        assert verb(each, allows=lambda _: False) == "pause"
    paused = watch(state="paused", **NO_SUBSCRIPTION)
    assert verb(paused, allows=lambda _: False) == ""
    assert verb(paused) == "create"


def test_an_undecided_watch_is_neither_created_nor_paused() -> None:
    """Its room list cannot be read: what it has is kept alive."""
    assert verb(watch(**NO_SUBSCRIPTION), allows=lambda _: None) == ""
    assert verb(watch(expires=SOON), allows=lambda _: None) == "renew"
    assert verb(watch(missing_since=START - CONFIRM_AFTER), allows=lambda _: None) == "lookup"


def test_a_refused_watch_is_tried_again_by_a_renewal() -> None:
    """A PATCH tests the permission; not before the wait is over."""
    refused = watch(state="refused", retry_at=START + SECOND)
    assert verb(refused) == ""
    assert verb(replace(refused, retry_at=START)) == "renew"


def test_a_recorded_gap_is_resynced() -> None:
    """Changes may have been missed; a renewal comes first."""
    assert verb(watch(gap_since=START)) == "resync"
    assert verb(watch(gap_since=START, expires=SOON)) == "renew"


def test_each_subscription_is_looked_up_once_a_day() -> None:
    """So that a silent loss is found without any list."""
    assert verb(watch(looked_up_at=START - LOOKUP_EVERY)) == "lookup"
    assert verb(watch(looked_up_at=START - LOOKUP_EVERY + SECOND)) == ""
    assert verb(watch(looked_up_at=None, renewed=START - LOOKUP_EVERY)) == "lookup"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"due_at": None}, "write"), ({"due_at": START}, "write"), ({"settings_hash": "before"}, "write"), ({}, "")],
)
def test_a_row_without_a_time_to_come_gets_a_time(changes: dict[str, Any], expected: str) -> None:
    """One of an earlier version, one whose time has come, and one that was written under other settings."""
    assert verb(watch(**changes)) == expected


def test_the_most_urgent_steps_come_first() -> None:
    """Watches without notifications, then by the end of the subscription, then evidence and notes."""
    watches = [
        watch("a@contoso.com", due_at=None), watch("b@contoso.com", expires=SOON + SECOND),
        watch("c@contoso.com", expires=SOON, lifecycle_url=""), watch("d@contoso.com", **NO_SUBSCRIPTION),
        watch("e@contoso.com", posts_to=ELSEWHERE), watch("f@contoso.com", key_version="v0"),
        watch("g@contoso.com", missing_since=START - CONFIRM_AFTER),
    ]  # fmt: skip
    steps = [step for each in watches if (step := next_step(each, DESIRED)) is not None]
    ordered = [step.watch.mailbox[0] for step in sorted(steps, key=lambda step: step.urgency)]
    assert (ordered[:3], ordered[3:]) == (["d", "f", "g"], ["c", "b", "e", "a"])
    assert {step.verb for step in steps if step.urgency == LAST} == {"write"}
