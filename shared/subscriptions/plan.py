"""Plan the steps after which every watch has exactly one live subscription. Pure.

The watches are the desired state, Graph's list of subscriptions is the actual state, and the plan lists the differences
by urgency. A subscription belongs to the relay if a watch's row names it (as current or former), or if it posts to the
relay's URLs. Other subscriptions are never touched.
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
SOONEST, LATEST = timedelta(hours=1), timedelta(hours=24)  # bounds of the back-off for a watch that needs a person


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The desired properties of subscriptions, and the times that the plan depends on.

    `listed_at`: when listing the subscriptions began; it must be before the watches were read. `keys`: the versions of
    the keys that verify a clientState; `signing`: the version that signs. `allows` returns None while unknown.
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
    """One step, due by `urgency`.

    create: the watch has no subscription. replace, renew (PATCH): the existing one. pause: the watch is not allowed.
    delete: a subscription of the relay that no watch needs. sync_expiry: write Graph's expiry to the row.
    `clear`: ids of the relay's subscriptions to delete first, because they would conflict with the new one.
    """

    verb: Verb
    urgency: datetime
    watch: Watch | None = None
    subscription: Subscription | None = None
    clear: tuple[str, ...] = ()


def plan(watches: Sequence[Watch], subscriptions: Iterable[Subscription], desired: DesiredState) -> list[Step]:
    """Return the steps, most urgent first; each subscription and each watch is changed by at most one step."""
    surplus: dict[str, list[Subscription]] = {}
    recorded: dict[str, Subscription] = {}
    named = {watch.subscription_id: watch.id for watch in watches if watch.subscription_id}
    former = {watch.former_id: watch.id for watch in watches if watch.former_id}
    for subscription in subscriptions:
        if subscription.id in named:
            recorded[named[subscription.id]] = subscription
        elif subscription.id in former:
            surplus.setdefault(former[subscription.id], []).append(subscription)
        elif (
            desired.lifecycle_url == subscription.lifecycle_url
            or desired.notification_url == subscription.notification_url
        ):
            surplus.setdefault(watch_id_of(mailbox_of(subscription.resource) or ""), []).append(subscription)
    steps = []
    for watch in watches:
        steps += _steps_of(watch, recorded.get(watch.id), surplus.pop(watch.id, []), desired)
    steps += [Step("delete", LAST, subscription=orphan) for orphans in surplus.values() for orphan in orphans]
    return sorted(steps, key=lambda step: step.urgency)


def _steps_of(
    watch: Watch, subscription: Subscription | None, surplus: list[Subscription], desired: DesiredState
) -> list[Step]:
    """Return the steps of one watch. `subscription` is the one that the watch's row names, if it exists at Graph."""
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
        too_new = watch.renewed is not None and watch.renewed >= desired.listed_at  # created after the listing
        skip = allowed is None or too_new or _is_backing_off(watch, desired.now)
        return None if skip else Step("create", FIRST, watch)
    return _step_for_existing(watch, subscription, desired)


def _step_for_existing(watch: Watch, subscription: Subscription, desired: DesiredState) -> Step | None:
    """Return the step for a subscription that exists at Graph and that the watch's row names."""
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
    """Return whether the subscription's notifications miss the relay, or fail verification.

    With direct delivery the partner verifies the clientState that the setup call returned: it must not change.
    """
    if watch.delivery == "direct":
        return subscription.notification_url != watch.notification_url
    return subscription.notification_url != desired.notification_url or watch.key_version not in desired.keys


def _is_backing_off(watch: Watch, now: datetime) -> bool:
    """Return whether a watch that needs a person is still waiting for its next attempt.

    The wait equals the time that the state has lasted, between SOONEST and LATEST.
    """
    if watch.state not in NEEDS_A_PERSON or watch.tried is None:
        return False
    duration = watch.tried - (watch.since or watch.tried)
    return now < watch.tried + min(max(duration, SOONEST), LATEST)
