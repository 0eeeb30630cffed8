"""Take in Graph's notifications: authenticate each item by its clientState, and write messages for the queues. Pure.

Intake reads no storage and calls no service, so that Graph gets its 2xx within milliseconds even if storage is slow.
A forged item is dropped and counted, but the response is the same as for a valid one, so that the sender learns
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.graph import notification
from shared.graph.client_state import Key, watch_named_by
from shared.graph.notification import ChangeNotification
from shared.messages import Change, ChangeMessage, Job, write_changes, write_jobs


@dataclass(frozen=True)
class Intake:
    """The result of a POST: messages for the two queues, and the numbers of accepted and dropped items."""

    changes: list[str]
    jobs: list[str]
    accepted: int
    dropped: Counter[str]


def take_in(body: bytes, keys: Sequence[Key], tenant_id: str, now: datetime) -> Intake:
    """Turn a notification collection into messages. Raises notification.BadBody when the body is not one.

    Several notifications of one event become one change; a deletion takes precedence over an update.
    """
    changes: dict[tuple[str, str], Change] = {}
    jobs: dict[Job, None] = {}
    dropped: Counter[str] = Counter()
    accepted = 0
    cached: dict[str, str | None] = {}  # items of one subscription carry the same clientState
    for item in notification.items_of(body):
        parsed = _authenticated(item, keys, cached, tenant_id.lower())
        if isinstance(parsed, str):
            dropped[parsed] += 1
            continue
        accepted += 1
        if isinstance(parsed, Job):
            jobs[parsed] = None
            continue
        key = (parsed.watch_id, parsed.event_id)
        if parsed.deleted or key not in changes:
            changes[key] = parsed
    message = ChangeMessage(now, tuple(changes.values()))
    return Intake(list(write_changes(message)), list(write_jobs(jobs)) if jobs else [], accepted, dropped)


def _authenticated(item: Any, keys: Sequence[Key], cached: dict[str, str | None], tenant_id: str) -> Change | Job | str:
    """Return an item's change or job, or the reason to drop it. `cached` maps verified clientStates to watch ids."""
    if not isinstance(item, dict):
        return "not-an-object"
    watch_id = _watch_of(item.get("clientState"), keys, cached)
    if watch_id is None:
        return "forged-client-state"
    if any(str(tenant).lower() != tenant_id for tenant in notification.tenants_of(item)):
        return "foreign-tenant"
    content = notification.read(item)
    if content is None:
        return "not-understood"
    if isinstance(content, ChangeNotification):
        return Change(watch_id, content.user_id, content.event_id, content.deleted)
    return Job(watch_id, content.kind, content.subscription_id)


def _watch_of(client_state: object, keys: Sequence[Key], cached: dict[str, str | None]) -> str | None:
    if not isinstance(client_state, str):
        return None
    if client_state not in cached:
        cached[client_state] = watch_named_by(client_state, keys)
    return cached[client_state]
