"""When the next work on a watch's subscription is due, and under which settings that was decided. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import ConfigurationError
from shared.moments import LARGEST_SKEW, is_impossible
from shared.resync.catch_up import resync_at
from shared.resync.silence_rules import is_to_be_replaced
from shared.storage.watches import ABANDONED, Watch

if TYPE_CHECKING:
    from shared.config import Settings

CONFIRM_AFTER = timedelta(seconds=60)  # between the first evidence of a loss and the GET that confirms it
LOOKUP_EVERY = timedelta(hours=24)  # each subscription is looked up by its id this often, so that no loss is silent
SOONEST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=24) + LARGEST_SKEW  # a wait in a row that is longer is that of a wrong clock


@dataclass(frozen=True, slots=True)
class Timing:
    """How long before its end a subscription is renewed, and the hash of the settings."""

    renew_before: timedelta
    settings_hash: str


def due_at(watch: Watch, now: datetime, renew_before: timedelta) -> datetime:
    """Return when the next work on a watch is due, by its row alone: the soonest of all that it names.

    What a wrong clock has written far ahead is due now.
    """
    rests_until = watch.retry_at or now
    earliest = max(now, rests_until) if rests_until <= now + LONGEST_RETRY else now
    if not watch.subscription_id:
        if watch.pending_since is not None and not is_impossible(watch.pending_since, now):
            return max(earliest, watch.pending_since + ABANDONED)
        return now + LOOKUP_EVERY if watch.state == "paused" else earliest
    if watch.state == "paused":  # by the stop, which keeps the subscription
        return now + LOOKUP_EVERY
    if watch.missing_since is not None:
        noted = loss_evidence_at(watch, now)
        return now if noted is None else max(now, noted + CONFIRM_AFTER)
    if watch.state != "live" or is_to_be_replaced(watch, now):
        return earliest
    renewal = (watch.expires or now) - renew_before
    gap = [resync_at(watch, now)] if watch.gap_since is not None else []
    return max(earliest, min(renewal, lookup_at(watch, now), *gap))


def loss_evidence_at(watch: Watch, now: datetime) -> datetime | None:
    """Return when the first evidence was noted that the subscription is gone; None if there is none that counts.

    A moment of a wrong clock does not count, nor one before the subscription was created or renewed: an earlier version
    leaves the column as it is when it creates another subscription.
    """
    noted, renewed = watch.missing_since, watch.renewed
    if noted is None or is_impossible(noted, now):
        return None
    is_older = renewed is not None and noted < renewed and not is_impossible(renewed, now)
    return None if is_older else noted


def lookup_at(watch: Watch, now: datetime) -> datetime:
    """Return when the subscription is looked up next. The first times are spread over a day by the watch's id."""
    last = watch.looked_up_at or watch.renewed or watch.created
    share = 1.0 if watch.looked_up_at is not None else int(watch.id[:8], 16) / 16**8
    return now if is_impossible(last, now) else last + LOOKUP_EVERY * share


def stamped(watch: Watch, now: datetime, timing: Timing, **changes: object) -> dict[str, object]:
    """Return changes of a row with the time when its next work is due after them; a sooner one in them stays."""
    after = replace(watch, **changes)  # type: ignore[arg-type]  # the caller names fields of a watch
    due = due_at(after, now, timing.renew_before)
    if "due_at" in changes and after.due_at is not None:
        due = min(due, after.due_at)
    return changes | {"due_at": due, "settings_hash": timing.settings_hash}


def settings_hash(settings: Settings, key_versions: Iterable[str], *, is_stopped: bool = False) -> str:
    """Return a short hash of all settings that the work on subscriptions depends on, and of the stop."""
    values = (
        settings.public_base_url, settings.allowed_mailboxes, settings.allowed_notification_hosts,
        str(settings.subscription_lifetime_minutes), str(settings.renew_before_minutes), *key_versions,
        *(["stopped"] if is_stopped else []), *_implied_host(settings), *_enforced(settings),
    )  # fmt: skip
    return hashlib.sha256("\n".join(values).encode()).hexdigest()[:16]


def _enforced(settings: Settings) -> list[str]:
    """Return OWNER_CHECK if it forbids anything; while it is invalid, nothing is known, and what runs is kept."""
    try:
        return [] if settings.owner_check == "warn" else [f"owner-check {settings.owner_check}"]
    except ConfigurationError:
        return []


def _implied_host(settings: Settings) -> list[str]:
    """Return the webhook's URL while direct watches stand by its host (shared.policy.permission.allows_host)."""
    if settings.allowed_notification_hosts:
        return []
    try:
        return [settings.partner_webhook_url]
    except ConfigurationError:  # then nothing is known of these watches, and they are kept
        return []
