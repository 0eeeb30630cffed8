"""What has to be done so that every watch has exactly one live subscription. Pure.

The watches are the desired state and Graph's list is the actual one; the plan holds every difference, the most urgent
first. A subscription is ours if a watch's row names it, also as its former one, or if it posts to our own addresses; no
other is ever touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from shared.graph.subscriptions import Subscription, mailbox_of
from shared.storage.watches import NEEDS_A_PERSON, Watch, is_being_created, watch_id_of

Verb = Literal["create", "replace", "renew", "pause", "delete", "sync_expiry"]
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
SOONEST, LATEST = timedelta(hours=1), timedelta(hours=24)  # between two tries of what needs a person


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What a subscription shall be like, and the moments that the plan goes by.

    `listed_at` is when the listing of the subscriptions began, which must be before the watches were read. `keys` are
    the versions of the keys that verify, `signing` the one that signs. `allows` answers None when it cannot know now.
    """

    now: datetime
    listed_at: datetime
    notification_url: str
    lifecycle_url: str
    renew_before: timedelta
    keys: Collection[str]
    signing: str
    allows: Callable[[str], bool | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, before the moment `urgency`.

    create the watch's subscription; replace or renew (PATCH) the existing one; pause a watch that is not allowed;
    delete a subscription of ours that no watch needs; sync_expiry to the row, as Graph says it. `clear` are ids of ours
    to delete first, because they are in the way.
    """

    verb: Verb
    urgency: datetime
    watch: Watch | None = None
    subscription: Subscription | None = None
    clear: tuple[str, ...] = ()


def plan(watches: Sequence[Watch], subscriptions: Iterable[Subscription], desired: DesiredState) -> list[Step]:
    """Return what has to be done, the most urgent first; each subscription and each watch is in one step at most."""
    ours: dict[str, list[Subscription]] = {}
    recorded: dict[str, Subscription] = {}
    named = {watch.subscription_id: watch.id for watch in watches if watch.subscription_id}
    former = {watch.former_id: watch.id for watch in watches if watch.former_id}
    for subscription in subscriptions:
        if subscription.id in named:
            recorded[named[subscription.id]] = subscription
        elif subscription.id in former:
            ours.setdefault(former[subscription.id], []).append(subscription)
        elif (
            desired.lifecycle_url == subscription.lifecycle_url
            or desired.notification_url == subscription.notification_url
        ):
            ours.setdefault(watch_id_of(mailbox_of(subscription.resource) or ""), []).append(subscription)
    steps = []
    for watch in watches:
        steps += _steps_of(watch, recorded.get(watch.id), ours.pop(watch.id, []), desired)
    steps += [Step("delete", LAST, subscription=orphan) for orphans in ours.values() for orphan in orphans]
    return sorted(steps, key=lambda step: step.urgency)


def _steps_of(
    watch: Watch, subscription: Subscription | None, surplus: list[Subscription], desired: DesiredState
) -> list[Step]:
    """Return the steps of one watch. `subscription` is the subscription that its row names, if Graph has it."""
    if is_being_created(watch, desired.now):
        return []
    step = _step_of(watch, subscription, desired)
    if step is not None and step.verb in ("create", "replace"):
        return [Step(step.verb, step.urgency, watch, subscription, tuple(each.id for each in surplus))]
    deletions = [Step("delete", LAST, watch, each) for each in surplus]
    return deletions if step is None else [step, *deletions]


def _step_of(watch: Watch, subscription: Subscription | None, desired: DesiredState) -> Step | None:
    allowed = desired.allows(watch.mailbox)
    if allowed is False:
        is_done = watch.state == "paused" and subscription is None
        return None if is_done else Step("pause", FIRST, watch, subscription)
    if subscription is None:
        fresh = watch.renewed is not None and watch.renewed >= desired.listed_at  # made after the list was
        waits = allowed is None or fresh or _is_backing_off(watch, desired.now)
        return None if waits else Step("create", FIRST, watch)
    return _step_for_existing(watch, subscription, desired)


def _step_for_existing(watch: Watch, subscription: Subscription, desired: DesiredState) -> Step | None:
    """Return what has to be done about a subscription that Graph has and the watch's row names."""
    if _is_backing_off(watch, desired.now):
        return None
    if _is_unreachable(watch, subscription, desired):
        return Step("replace", FIRST, watch, subscription)
    is_due = subscription.expires < desired.now + desired.renew_before
    key_retired = watch.delivery == "relay" and watch.key_version != desired.signing  # a PATCH keeps the clientState
    if subscription.lifecycle_url != desired.lifecycle_url or (is_due and key_retired):
        return Step("replace", subscription.expires, watch, subscription)
    if is_due or watch.state != "live":
        return Step("renew", subscription.expires, watch, subscription)
    return Step("sync_expiry", LAST, watch, subscription) if watch.expires != subscription.expires else None


def _is_unreachable(watch: Watch, subscription: Subscription, desired: DesiredState) -> bool:
    """Return whether what the subscription posts does not reach us, or is taken for forged.

    With direct delivery the partner checks the clientState, and knows the one of the setup call: it stays.
    """
    if watch.delivery == "direct":
        return subscription.notification_url != watch.notification_url
    return subscription.notification_url != desired.notification_url or watch.key_version not in desired.keys


def _is_backing_off(watch: Watch, now: datetime) -> bool:
    """Return whether it is too soon to try again what needs a person: after an hour, then ever more slowly."""
    if watch.state not in NEEDS_A_PERSON or watch.tried is None:
        return False
    lasted = watch.tried - (watch.since or watch.tried)
    return now < watch.tried + min(max(lasted, SOONEST), LATEST)
