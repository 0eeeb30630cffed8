"""When a subscription counts as silent, and when missing notifications are an outage of Graph."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.resync.silence_rules import (
    CARRIED_OUT_WITHIN,
    HOUR,
    REPLACE_EVERY,
    RESYNC_EVERY,
    after_grant,
    after_resyncs,
    is_missing,
    is_to_be_replaced,
    may_replace,
    resyncs_are_due,
    silent_after,
)
from shared.storage.maintenance import ResyncHour
from shared.storage.watches import Watch
from tests.support.world import MAILBOX, START, WATCH_ID

SOON, LATER = START + timedelta(minutes=30), START + HOUR


def after(
    row: ResyncHour, resyncs: int, unnotified: int = 0, notified: int = 0, total: int = 1000, **at: Any
) -> ResyncHour:
    """Return the row after resyncs."""
    numbers = {"resyncs": resyncs, "unnotified": unnotified, "notified": notified}
    return replace(row, **after_resyncs(row, numbers, total, at.get("now", START)))


def watch(**columns: Any) -> Watch:
    """Return a watch with a live subscription."""
    fields: dict[str, Any] = {"state": "live", "subscription_id": "s", **columns}
    return Watch(WATCH_ID, MAILBOX, "relay", START, **fields)


@pytest.mark.parametrize(
    ("before", "unnotified", "notified", "wanted"),
    [(0, True, False, 1), (1, True, True, 2), (5, False, True, 0), (1, False, False, 1), (0, False, False, 0)],
)
def test_a_resync_adds_ends_or_says_nothing(before: int, *, unnotified: bool, notified: bool, wanted: int) -> None:
    """A mailbox without a recent change says nothing of its notifications."""
    assert silent_after(before, unnotified=unnotified, notified=notified) == wanted


@pytest.mark.parametrize(
    ("resyncs", "unnotified", "total", "wanted"),
    [(100, 5, 1000, False), (100, 6, 1000, True), (3, 3, 1000, False), (4, 4, 1000, True), (2, 2, 2, False),
     (3, 3, 3, True), (40, 3, 40, True), (10_000, 500, 10_000, False), (10_000, 501, 10_000, True)],
)  # fmt: skip
def test_more_than_a_twentieth_of_an_hours_resyncs_is_an_outage(
    resyncs: int, unnotified: int, total: int, *, wanted: bool
) -> None:
    """Of at least three mailboxes. The first resyncs of an hour are too few to judge."""
    row = after(ResyncHour(), resyncs, unnotified, total=total)
    assert is_missing(row, START) is wanted


def test_the_numbers_of_an_hour_add_up() -> None:
    """The hour begins with its first resync; the next one begins at zero."""
    row = after(after(ResyncHour(), 50, 2, 40), 60, 4, now=SOON)
    assert (row.began, row.resyncs, row.unnotified, row.notified) == (START, 110, 6, 40)
    assert row.missing_since == SOON
    row = after(row, 1, now=LATER)
    assert (row.began, row.resyncs, row.unnotified, row.notified) == (LATER, 1, 0, 0)


OUTAGE = ResyncHour(began=START, missing_since=START - timedelta(days=1))


@pytest.mark.parametrize(
    ("hour", "now", "wanted"),
    [((200, 1, 50), LATER, False), ((100, 1, 50), LATER, True), ((200, 1, 50), SOON, True), ((200, 0, 0), LATER, True),
     ((1, 0, 1), LATER, False), ((0, 0, 0), LATER, True)],
)  # fmt: skip
def test_an_outage_ends_with_a_good_hour(hour: tuple[int, int, int], now: datetime, *, wanted: bool) -> None:
    """Below 1 % without a notification, and some with one: a quiet night proves nothing."""
    resyncs, unnotified, notified = hour
    row = replace(OUTAGE, resyncs=resyncs, unnotified=unnotified, notified=notified)
    assert is_missing(row, now) is wanted
    after_next = after(row, 1, now=now).missing_since
    assert after_next == (OUTAGE.missing_since if wanted else None)


def test_missing_notifications_after_an_absence_are_no_outage_of_graph() -> None:
    """Graph has dropped what the relay did not take in."""
    row = after(ResyncHour(excused_until=LATER), 100, 90, now=SOON)
    assert (row.resyncs, row.unnotified, row.missing_since) == (100, 0, None)
    assert after(row, 100, 90, now=LATER).missing_since == LATER


def test_all_mailboxes_are_resynced_every_four_hours_of_an_outage() -> None:
    """The first time immediately."""
    assert resyncs_are_due(OUTAGE, START)
    row = replace(OUTAGE, resynced_at=START)
    assert not resyncs_are_due(row, START + RESYNC_EVERY - timedelta(seconds=1))
    assert resyncs_are_due(row, START + RESYNC_EVERY)
    assert not resyncs_are_due(replace(row, missing_since=None), START + RESYNC_EVERY)


@pytest.mark.parametrize(("total", "most"), [(1, 1), (99, 1), (250, 2), (10_000, 100)])
def test_a_hundredth_is_replaced_in_an_hour(total: int, most: int) -> None:
    """At least one; the next hour allows as many."""
    row, granted = ResyncHour(), 0
    while changes := after_grant(row, total, START):
        row, granted = replace(row, **changes), granted + 1
    assert granted == most
    row = after(row, 10, now=SOON)
    assert not after_grant(row, total, SOON)
    assert after_grant(row, total, LATER)["granted"] == 1


def test_nothing_is_replaced_in_an_outage() -> None:
    """Also after its hour."""
    assert not after_grant(OUTAGE, 10_000, SOON)
    assert not after_grant(OUTAGE, 10_000, LATER)


@pytest.mark.parametrize(
    ("row", "silent", "wanted"),
    [({}, 1, False), ({}, 2, True), ({"state": "pending"}, 2, False), ({"subscription_id": ""}, 2, False),
     ({"replaced_at": START - REPLACE_EVERY}, 2, True),
     ({"replaced_at": START - REPLACE_EVERY + timedelta(seconds=1)}, 9, False)],
)  # fmt: skip
def test_two_silent_resyncs_replace_once_a_week(row: dict[str, Any], silent: int, *, wanted: bool) -> None:
    """Only what is live."""
    assert may_replace(watch(**row), silent, START) is wanted


@pytest.mark.parametrize(
    ("row", "wanted"),
    [({"silent_resyncs": 2, "replaced_at": START}, True), ({"silent_resyncs": 0, "replaced_at": START}, False),
     ({"silent_resyncs": 2}, False), ({"silent_resyncs": 2, "replaced_at": START - CARRIED_OUT_WITHIN}, False),
     ({"silent_resyncs": 2, "replaced_at": START, "subscription_id": ""}, False)],
)  # fmt: skip
def test_a_decision_is_carried_out_within_a_day(row: dict[str, Any], *, wanted: bool) -> None:
    """A new subscription begins with zero silent resyncs."""
    assert is_to_be_replaced(watch(**row), START) is wanted
