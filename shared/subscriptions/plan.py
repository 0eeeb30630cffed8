"""Decide the next step for a watch's subscription, by its row alone. Pure.

No list decides anything: Graph's list of subscriptions has come back empty or with holes while each subscription
answered by its id. What a row names is looked up by its id before it is believed gone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from shared.moments import has_passed
from shared.resync.catch_up import resync_at
from shared.resync.silence_rules import is_to_be_replaced
from shared.storage.watches import Watch, is_being_created
from shared.subscriptions.due import CONFIRM_AFTER, LONGEST_RETRY, lookup_at, loss_evidence_at

Verb = Literal["create", "replace", "address", "renew", "lookup", "pause", "resync", "write"]
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The desired properties of subscriptions, and the time.

    `keys`: the versions of the keys that verify a clientState; `signing`: the version that signs. `allows` returns None
    while unknown. `is_stopped`: the relay is; then `allows` returns False. `is_retired`: whether the vault says that an
    older version is disabled or not there.
    """

    now: datetime
    notification_url: str
    lifecycle_url: str
    renew_before: timedelta
    keys: Collection[str]
    signing: str
    settings_hash: str
    allows: Callable[[Watch], bool | None]
    is_stopped: bool = False
    is_retired: Callable[[str], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Step:
    """One step for a watch; steps with an earlier `urgency` are carried out first.

    create: there is no subscription. replace: its notifications cannot be verified, or it is due and was created with
    an old key or lifecycle URL. address: it posts to another address (PATCH). renew: its end is near (PATCH). lookup:
    GET, for evidence. pause: it is forbidden. resync: changes may have been missed. write: only `due_at` and
    `settings_hash` are out of date.
    """

    verb: Verb
    urgency: datetime
    watch: Watch


def next_step(watch: Watch, desired: DesiredState) -> Step | None:
    """Return the next step for a watch, or None when nothing is due."""
    if is_being_created(watch, desired.now):
        return None
    verb, urgency = _verb_of(watch, desired)
    if verb is not None:
        return Step(verb, urgency, watch)
    is_stale = watch.due_at is None or watch.due_at <= desired.now or watch.settings_hash != desired.settings_hash
    return Step("write", LAST, watch) if is_stale else None


def is_unverifiable(watch: Watch, keys: Collection[str], is_retired: Callable[[str], bool] = lambda _: True) -> bool:
    """Return whether the subscription's notifications fail verification, because the key of its clientState is retired.

    With direct delivery the partner verifies them, by the clientState that GET and the set-up call return. It is kept
    after further rotations, until its key is disabled: who knows a key that leaked could forge them.
    """
    if not watch.key_version or watch.key_version in keys:
        return False
    return watch.delivery == "relay" or is_retired(watch.key_version)


def is_outdated(watch: Watch, signing: str, lifecycle_url: str) -> bool:
    """Return whether the subscription has an old key or lifecycle URL, which a PATCH does not change.

    `signing`: the version of the key that signs now.
    """
    has_old_key = watch.delivery == "relay" and watch.key_version != signing
    is_described = watch.described_id == watch.subscription_id
    return has_old_key or (is_described and watch.lifecycle_url != lifecycle_url)


def _verb_of(watch: Watch, desired: DesiredState) -> tuple[Verb | None, datetime]:
    now, allowed = desired.now, desired.allows(watch)
    if allowed is False:
        is_kept = desired.is_stopped and watch.delivery == "relay"  # what it sends is not taken in; it ends by itself
        is_done = watch.state == "paused" and (is_kept or not watch.subscription_id)
        return (None if is_done else "pause"), FIRST
    is_resting = watch.retry_at is not None and now < watch.retry_at <= now + LONGEST_RETRY
    if not watch.subscription_id:
        return (None if allowed is None or is_resting else "create"), FIRST
    if watch.missing_since is not None:
        noted = loss_evidence_at(watch, now)
        return ("lookup" if noted is None or has_passed(CONFIRM_AFTER, noted, now) else None), FIRST
    if is_resting:
        return None, LAST
    return _verb_for_existing(watch, desired)


def _verb_for_existing(watch: Watch, desired: DesiredState) -> tuple[Verb | None, datetime]:
    """Return the step for a subscription that the row names and that is not known to be gone."""
    expires = watch.expires or FIRST
    is_due = expires <= desired.now + desired.renew_before
    is_described = watch.described_id == watch.subscription_id
    if is_unverifiable(watch, desired.keys, desired.is_retired) or is_to_be_replaced(watch, desired.now):
        return "replace", FIRST
    if is_described and watch.posts_to != (watch.notification_url or desired.notification_url):
        return "address", expires
    if is_due and is_outdated(watch, desired.signing, desired.lifecycle_url):
        return "replace", expires
    if is_due or watch.state != "live":
        return "renew", expires
    if watch.gap_since is not None and desired.now >= resync_at(watch, desired.now):
        return "resync", LAST
    return ("lookup" if desired.now >= lookup_at(watch, desired.now) else None), LAST
