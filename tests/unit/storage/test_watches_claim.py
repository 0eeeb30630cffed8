"""What a claim writes to a row, and how often a change of a mailbox is noted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.storage.watches import SEEN_EVERY, Watch, Watches, watch_id_of
from tests.support.table import FakeTable

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
BEFORE, LATER, MAILBOX = NOW - timedelta(hours=1), NOW + timedelta(days=1), "room1@contoso.com"
LIVE: dict[str, Any] = {
    "state": "live", "since": BEFORE, "subscription_id": "s-1", "expires": LATER, "renewed": BEFORE,
    "missing_since": BEFORE, "looked_up_at": BEFORE, "failing_since": BEFORE, "due_at": LATER, "key_version": "v1",
}  # fmt: skip


@pytest.fixture
def watches() -> Watches:
    """Return the watches in an empty table."""
    table = FakeTable()
    return Watches(lambda: table)


def stored(watches: Watches, **fields: Any) -> Watch:
    """Store a watch."""
    watch = watches.insert(Watch(watch_id_of(MAILBOX), MAILBOX, "relay", BEFORE, **fields))
    assert watch is not None
    return watch


def claimed(watches: Watches, watch: Watch) -> Watch:
    """Claim a row, and return it as it is stored."""
    made = watches.claim(watch, NOW)
    assert made is not None
    assert watches.get(watch.id) == made
    return made


def test_a_claim_keeps_the_former_subscription_and_nothing_else_of_it(watches: Watches) -> None:
    """It may still live. What was known about it is not known about the next one."""
    watch = stored(watches, **LIVE)
    made = claimed(watches, watch)
    assert made == replace(
        watch, state="pending", since=NOW, subscription_id="", expires=None, missing_since=None, looked_up_at=None,
        failing_since=None, former_id="s-1", former_expires=LATER, pending_since=NOW, gap_since=NOW, due_at=NOW,
        etag=made.etag,
    )  # fmt: skip


@pytest.mark.parametrize("state", ["pending", "refused", "gone"])
def test_a_state_that_lasts_keeps_its_beginning(watches: Watches, state: str) -> None:
    """Until the watch is live: the waits between attempts grow with it. The first failure stays, too."""
    made = claimed(watches, stored(watches, state=state, since=BEFORE, failing_since=BEFORE))
    assert (made.state, made.since, made.failing_since) == (state, BEFORE, BEFORE)


@pytest.mark.parametrize(
    ("fields", "gap"),
    [
        ({}, None),
        ({"renewed": BEFORE}, NOW),  # its subscription was lost before
        ({"subscription_id": "s-1"}, NOW),  # adopted, and never renewed
        ({"renewed": BEFORE, "gap_since": BEFORE}, BEFORE),
    ],
)
def test_a_watch_that_was_live_has_a_gap_from_the_claim_on(
    watches: Watches, fields: dict[str, Any], gap: datetime | None
) -> None:
    """An older gap stays; a watch that never was live has missed nothing."""
    assert claimed(watches, stored(watches, **fields)).gap_since == gap


def test_a_row_that_changed_is_not_claimed(watches: Watches) -> None:
    """Of two processes that have read it one claims it."""
    watch = stored(watches, **LIVE)
    made = claimed(watches, watch)
    assert watches.claim(watch, LATER) is None
    assert watches.get(watch.id) == made


@pytest.mark.parametrize(
    ("after", "user_id", "is_written"),
    [
        (timedelta(), "u", False), (SEEN_EVERY - timedelta(seconds=1), "u", False), (SEEN_EVERY, "u", True),
        (timedelta(), "other", True), (timedelta(), "", False), (SEEN_EVERY, "", True),
    ],
)  # fmt: skip
def test_a_change_is_written_at_most_once_in_ten_seconds(
    watches: Watches, after: timedelta, user_id: str, *, is_written: bool
) -> None:
    """And always when it names another object id."""
    watch = stored(watches, last_change=NOW, user_id="u")
    watches.saw_change(watch, NOW + after, user_id)
    row = watches.get(watch.id)
    assert row is not None
    assert (row.etag != watch.etag, row.last_change) == (is_written, NOW + after if is_written else NOW)
    assert row.user_id == (user_id or "u")
