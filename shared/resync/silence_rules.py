"""When a subscription counts as silent, and when so many do that it is an outage of Graph. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.moments import has_passed
from shared.storage.maintenance import ResyncHour
from shared.storage.watches import Watch

TWICE = 2  # daily resyncs in a row that found changes without a notification
REPLACE_EVERY = timedelta(days=7)  # for one watch
CARRIED_OUT_WITHIN = timedelta(days=1)  # a replacement that was not carried out by then is decided again
REPLACED_SHARE = 0.01  # of all watches in an hour, but at least one
HOUR = timedelta(hours=1)
MISSING_SHARE = 0.05  # of an hour's resyncs: above, Graph has an outage
OVER_SHARE = 0.01  # below, it is over
LEAST = 3  # fewer resyncs with missing notifications are never an outage
ENOUGH = 60  # resyncs, or all watches if there are fewer, before a share says something
RESYNC_EVERY = timedelta(hours=4)  # during an outage; Graph retries a notification for as long


def silent_after(silent_resyncs: int, *, unnotified: bool, notified: bool) -> int:
    """Return the number of resyncs in a row that found changes without a notification, after another resync.

    A resync that found no recent change says nothing: the mailbox is not used, or an earlier attempt of the same resync
    has queued its changes.
    """
    if unnotified:
        return silent_resyncs + 1
    return 0 if notified else silent_resyncs


def after_resyncs(row: ResyncHour, numbers: Mapping[str, int], total: int, now: datetime) -> dict[str, Any]:
    """Return the changes of the row after resyncs with the numbers `resyncs`, `unnotified` and `notified`.

    `total`: the number of watches.
    """
    row = current_hour(row, now)
    unnotified = 0 if is_excused(row, now) else numbers["unnotified"]
    resyncs, unnotified = row.resyncs + numbers["resyncs"], row.unnotified + unnotified
    is_outage = unnotified >= LEAST and unnotified > MISSING_SHARE * max(resyncs, min(total, ENOUGH))
    return {
        "began": row.began, "resyncs": resyncs, "unnotified": unnotified,
        "notified": row.notified + numbers["notified"], "granted": row.granted,
        "missing_since": row.missing_since or (now if is_outage else None),
    }  # fmt: skip


def after_grant(row: ResyncHour, total: int, now: datetime) -> dict[str, Any]:
    """Return the changes of the row after one more replacement; none if the hour allows no more."""
    row = current_hour(row, now)
    if row.missing_since is not None or row.granted >= max(1, int(REPLACED_SHARE * total)):
        return {}
    return after_resyncs(row, {"resyncs": 0, "unnotified": 0, "notified": 0}, total, now) | {"granted": row.granted + 1}


def current_hour(row: ResyncHour, now: datetime) -> ResyncHour:
    """Return the row, or a blank one when its hour is over: hours begin with their first resync."""
    if row.began is not None and timedelta() <= now - row.began < HOUR:
        return row
    missing_since = row.missing_since if is_missing(row, now) else None
    return replace(row, began=now, resyncs=0, unnotified=0, notified=0, granted=0, missing_since=missing_since)


def is_missing(row: ResyncHour, now: datetime) -> bool:
    """Return whether Graph has an outage of notifications. It ends with an hour in which notifications came again."""
    if row.missing_since is None:
        return False
    is_over = row.began is not None and has_passed(HOUR, row.began, now)
    return not (is_over and row.notified > 0 and row.unnotified < OVER_SHARE * row.resyncs)


def is_excused(row: ResyncHour, now: datetime) -> bool:
    """Return whether a missing notification proves nothing, because the relay was absent."""
    return row.excused_until is not None and now < row.excused_until


def resyncs_are_due(row: ResyncHour, now: datetime) -> bool:
    """Return whether all mailboxes are to be resynced because of an outage."""
    return is_missing(row, now) and (row.resynced_at is None or has_passed(RESYNC_EVERY, row.resynced_at, now))


def may_replace(watch: Watch, silent_resyncs: int, now: datetime) -> bool:
    """Return whether the subscription of a watch may be replaced after so many silent resyncs, by its row alone."""
    is_rested = watch.replaced_at is None or has_passed(REPLACE_EVERY, watch.replaced_at, now)
    has_number = bool(watch.subscription_id) and watch.described_id in ("", watch.subscription_id)
    return silent_resyncs >= TWICE and is_rested and watch.state == "live" and has_number


def is_to_be_replaced(watch: Watch, now: datetime) -> bool:
    """Return whether the replacement of a watch's silent subscription was decided and is not carried out yet.

    A new subscription begins with `silent_resyncs` 0; an earlier version leaves the number of the former one.
    """
    is_decided = watch.replaced_at is not None and not has_passed(CARRIED_OUT_WITHIN, watch.replaced_at, now)
    has_number = bool(watch.subscription_id) and watch.described_id in ("", watch.subscription_id)
    return is_decided and watch.silent_resyncs >= TWICE and has_number
