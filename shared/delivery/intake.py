"""Take in Graph's notifications: authenticate each item by its clientState, and write messages for the queues. Pure.

Intake reads no storage and calls no service, so that Graph gets its 2xx within milliseconds even if storage is slow.
A forged item is dropped and counted, but the response is the same as for a valid one, so that the sender learns
nothing. The subscription id of an item is not compared: a subscription that was replaced may still notify.

With direct delivery the partner knows the clientState, so an item that carries it may be the partner's. It is accepted
only for lifecycle events about which the relay asks Graph before it acts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.graph import notification
from shared.graph.client_state import Key, Verified, verified
from shared.graph.notification import ChangeNotification, LifecycleEvent
from shared.messages import Change, ChangeMessage, Job, write_changes, write_jobs


@dataclass(frozen=True)
class Intake:
    """The result of a POST: messages for the two queues, and the numbers of accepted and dropped items."""

    changes: list[str]
    jobs: list[str]
    accepted: int
    dropped: Counter[str]


def take_in(
    body: bytes, keys: Sequence[Key], tenant_id: str, now: datetime, notified_at: datetime | None = None
) -> Intake:
    """Turn a notification collection into messages. Raises notification.BadBody when the body is not one, and
    bodies.TooManyItems.

    Several notifications of one event become one change; a deletion takes precedence over an update. `now` is the time
    of the jobs, `notified_at` that of the changes (by default the same).
    """
    changes: dict[tuple[str, str], Change] = {}
    jobs: dict[Job, None] = {}
    dropped: Counter[str] = Counter()
    accepted = 0
    cached: dict[str, Verified | None] = {}  # items of one subscription carry the same clientState
    for item in notification.items_of(body):
        parsed = _authenticated(item, keys, cached, tenant_id.lower())
        if isinstance(parsed, str):
            dropped[parsed] += 1
            continue
        accepted += 1
        if isinstance(parsed, Job):
            jobs[replace(parsed, at=now)] = None
        elif parsed is not None:
            key = (parsed.watch_id, parsed.event_id)
            if parsed.deleted or key not in changes:
                changes[key] = parsed
    message = ChangeMessage(notified_at or now, tuple(changes.values()))
    return Intake(list(write_changes(message)), list(write_jobs(jobs)) if jobs else [], accepted, dropped)


def _authenticated(
    item: Any, keys: Sequence[Key], cached: dict[str, Verified | None], tenant_id: str
) -> Change | Job | str | None:
    """Return an item's change or job, the reason to drop it, or None if it is valid and there is nothing to do.

    `cached` maps clientStates to what they say.
    """
    if not isinstance(item, dict):
        return "not-an-object"
    says = _verified(item.get("clientState"), keys, cached)
    if says is None:
        return "forged-client-state"
    if any(str(tenant).lower() != tenant_id for tenant in notification.tenants_of(item)):
        return "foreign-tenant"
    content = notification.read(item)
    if content is None:
        return "not-understood"
    return _work_of(content, says)


def _work_of(content: ChangeNotification | LifecycleEvent, says: Verified) -> Change | Job | str | None:
    """Return the work of a verified item, the reason to drop it, or None if there is nothing to do."""
    is_direct = says.kind == "direct"
    if isinstance(content, ChangeNotification):  # with direct delivery Graph sends changes to the partner only
        change = Change(says.watch_id, content.user_id, content.event_id, content.deleted)
        return "direct-watch" if is_direct else change
    # After `missed` with direct delivery it is the partner that has to read the calendar.
    is_ours = not (is_direct and content.kind == "missed")
    return Job(says.watch_id, content.kind, content.subscription_id) if is_ours else None


def _verified(client_state: object, keys: Sequence[Key], cached: dict[str, Verified | None]) -> Verified | None:
    if not isinstance(client_state, str):
        return None
    if client_state not in cached:
        cached[client_state] = verified(client_state, keys)
    return cached[client_state]
