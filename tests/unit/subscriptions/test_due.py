"""When the next work on a watch is due, for each kind of row, and how it is stored."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config import Settings
from shared.resync.silence_rules import TWICE
from shared.storage.watches import ABANDONED, Watch, watch_id_of
from shared.subscriptions.due import CONFIRM_AFTER, LOOKUP_EVERY, Timing, due_at, lookup_at, settings_hash, stamped
from shared.subscriptions.plan import DesiredState, next_step
from tests.support.subscribed import LIFECYCLE, URL, stored, subscribed
from tests.support.world import MAILBOX, SETTINGS, START, World

RENEW_BEFORE = timedelta(days=3)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NO_SUBSCRIPTION: dict[str, Any] = {"subscription_id": "", "expires": None}


def watch(mailbox: str = MAILBOX, **changes: Any) -> Watch:
    """Return a live watch, asked for just now, that ends in six days."""
    fields: dict[str, Any] = {
        "delivery": "relay", "state": "live", "subscription_id": "s-1", "described_id": "s-1", "key_version": "v1",
        "posts_to": URL, "lifecycle_url": LIFECYCLE, "expires": START + timedelta(days=6), "looked_up_at": START,
        "renewed": START, "settings_hash": "hash",
    }  # fmt: skip
    return Watch(watch_id_of(mailbox), mailbox, created=START, **fields | changes)


def waits(**changes: Any) -> timedelta:
    """Return how long it is until a watch is due."""
    return due_at(watch(**changes), START, RENEW_BEFORE) - START


@pytest.mark.parametrize(
    ("changes", "wait"),
    [
        ({}, LOOKUP_EVERY),
        ({"looked_up_at": START - HOUR}, LOOKUP_EVERY - HOUR),
        ({"expires": START + RENEW_BEFORE + HOUR}, HOUR),
        ({"expires": START + HOUR}, timedelta()),
        ({"expires": START - HOUR}, timedelta()),
        ({"expires": None}, timedelta()),
        ({"expires": START + HOUR, "retry_at": START + MINUTE}, MINUTE),
        ({"retry_at": START - MINUTE}, LOOKUP_EVERY),
        ({"gap_since": START - HOUR}, timedelta()),
        ({"silent_resyncs": TWICE, "replaced_at": START}, timedelta()),
        ({"missing_since": START}, CONFIRM_AFTER),
        ({"missing_since": START - HOUR}, timedelta()),
        ({"missing_since": START, "retry_at": START + HOUR, "gap_since": START}, CONFIRM_AFTER),
        ({"state": "refused", "retry_at": START + HOUR}, HOUR),
        ({"state": "refused"}, timedelta()),
        ({"state": "pending", **NO_SUBSCRIPTION}, timedelta()),
        ({"state": "pending", "retry_at": START + 5 * MINUTE, **NO_SUBSCRIPTION}, 5 * MINUTE),
        ({"state": "gone", "retry_at": START + HOUR, **NO_SUBSCRIPTION}, HOUR),
        ({"state": "pending", "pending_since": START, **NO_SUBSCRIPTION}, ABANDONED),
        ({"state": "pending", "pending_since": START - HOUR, **NO_SUBSCRIPTION}, timedelta()),
        ({"state": "pending", "pending_since": START, "retry_at": START + HOUR, **NO_SUBSCRIPTION}, HOUR),
        ({"state": "paused", "gap_since": START, **NO_SUBSCRIPTION}, LOOKUP_EVERY),
    ],
)
def test_each_kind_of_row_has_its_time(changes: dict[str, Any], wait: timedelta) -> None:
    """The soonest of all that it names, and never in the past."""
    assert waits(**changes) == wait


def test_the_first_questions_are_spread_over_a_day() -> None:
    """A thousand subscriptions made at the same time are asked for in turn, always at the same time of their own."""
    firsts = [lookup_at(watch(f"room{number}@contoso.com", looked_up_at=None), START) - START for number in range(1000)]
    assert timedelta() <= min(firsts) <= max(firsts) < LOOKUP_EVERY
    per_hour = [sum(first // HOUR == hour for first in firsts) for hour in range(24)]
    assert min(per_hour) > 15
    assert max(per_hour) < 80
    assert lookup_at(watch(looked_up_at=None, renewed=None), START) == lookup_at(watch(looked_up_at=None), START)


def moments(*others: None) -> st.SearchStrategy[Any]:
    """Return times around START, or one of `others`."""
    return st.one_of(*map(st.just, others), st.integers(-300, 300).map(lambda minutes: START + minutes * MINUTE))


QUESTIONS = st.integers(-2000, 0).map(lambda minutes: START + minutes * MINUTE)
ROWS = st.fixed_dictionaries({
    "state": st.sampled_from(["live", "pending", "refused", "gone"]), "missing_since": moments(None),
    "expires": st.integers(-600, 9000).map(lambda minutes: START + minutes * MINUTE), "retry_at": moments(None),
    "gap_since": moments(None), "looked_up_at": st.one_of(st.none(), QUESTIONS), "pending_since": st.none(),
    "silent_resyncs": st.integers(0, 3), "replaced_at": moments(None),
    "reading_state": st.sampled_from(["", "refused"]), "reading_since": moments(None),
})  # fmt: skip
BARE_ROWS = st.fixed_dictionaries({
    "state": st.sampled_from(["pending", "refused", "gone"]), "pending_since": moments(None),
    "retry_at": moments(None), "gap_since": moments(None), "subscription_id": st.just(""), "expires": st.none(),
})  # fmt: skip


@given(st.one_of(ROWS, BARE_ROWS), st.floats(0, 0.999))
def test_a_step_is_due_exactly_when_the_row_says_so(row: dict[str, Any], share: float) -> None:
    """Before `due_at` no rule of the plan asks for anything; at `due_at` it asks for something, or the row then gets a
    later time: no row is read in every run for nothing.
    """
    each = watch(**row)
    moment = due_at(each, START, RENEW_BEFORE)
    each = replace(each, due_at=moment)

    def verb(when: datetime) -> str | None:
        desired = DesiredState(when, URL, LIFECYCLE, RENEW_BEFORE, ["v1"], "v1", "hash", lambda _: True)
        step = next_step(each, desired)
        return step.verb if step else None

    assert moment >= START
    if moment > START:
        assert verb(START + (moment - START) * share) is None
    assert verb(moment) not in (None, "write") or due_at(each, moment, RENEW_BEFORE) > moment


def test_a_change_is_stored_with_the_time_after_it() -> None:
    """And with the settings under which it was decided."""
    changes = stamped(watch(), START, Timing(RENEW_BEFORE, "now"), missing_since=START)
    assert changes == {"missing_since": START, "due_at": START + CONFIRM_AFTER, "settings_hash": "now"}


SAME = settings_hash(Settings.load(SETTINGS), ["v2", "v1"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_BASE_URL", "https://other.example"), ("ALLOWED_MAILBOXES", "a@contoso.com"),
        ("ALLOWED_NOTIFICATION_HOSTS", "partner.example"), ("SUBSCRIPTION_LIFETIME_MINUTES", "4230"),
        ("RENEW_BEFORE_MINUTES", "60"),
    ],
)  # fmt: skip
def test_a_setting_that_the_plan_reads_changes_the_hash(name: str, value: str) -> None:
    """Also the versions of the keys; no other setting does."""
    assert settings_hash(Settings.load(SETTINGS | {name: value}), ["v2", "v1"]) != SAME
    assert settings_hash(Settings.load(SETTINGS), ["v3", "v2"]) != SAME
    assert settings_hash(Settings.load(SETTINGS | {"SETTLE_SECONDS": "1"}), ["v2", "v1"]) == SAME
    assert re.fullmatch(r"[0-9a-f]{16}", SAME)


def test_the_time_is_stored_in_a_single_form(world: World) -> None:
    """UTC, whole seconds, a Z: a filter compares it as text. What a writer gets back is what a reader reads."""
    world.time = START + timedelta(seconds=1, microseconds=987_654)
    written = world.records.write(subscribed(world), last_error="")
    assert written == stored(world)
    cell = world.rows.rows["watch", written.id if written else ""]["due_at"]
    assert FORM.fullmatch(cell)
    assert cell == "2026-11-21T10:00:01Z"


def test_a_row_is_selected_when_its_time_has_come(world: World) -> None:
    """Not a second before; and not one whose column is empty."""
    world.records.write(subscribed(world), last_error="")
    world.watch("room2@contoso.com", due_at=None)
    assert list(world.watches.due(START + LOOKUP_EVERY - timedelta(seconds=1))) == []
    assert list(world.watches.due(START + LOOKUP_EVERY)) == [stored(world)]


def test_a_setting_is_carried_out_for_every_row(world: World) -> None:
    """Without a list: after a change of RENEW_BEFORE_MINUTES a run looks at rows that were due only later."""
    subscribed(world, left=timedelta(minutes=4_500))
    world.reconciler.run()
    assert world.subscriptions.calls == []
    parts = {"watches_table": world.rows, "subscriptions": world.subscriptions}
    restarted = World(parts, RENEW_BEFORE_MINUTES="4600")
    restarted.reconciler.run()
    restarted.end()
    assert world.subscriptions.calls == ["renew"]
