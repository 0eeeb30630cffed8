"""Take in what Graph posts: authenticate each item by its clientState alone, and sort it onto a queue. Pure.

No storage is read and nobody is called, so that Graph has its 2xx within milliseconds whatever else is slow. A forged
item is dropped, counted, and answered like a good one: who forges learns nothing.
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
    """What a POST came to: messages for the two queues, and why items were dropped."""

    changes: list[str]
    jobs: list[str]
    accepted: int
    dropped: Counter[str]


def take_in(body: bytes, keys: Sequence[Key], tenant_id: str, now: datetime) -> Intake:
    """Sort the items of a notification collection. Raises notification.BadBody when it is none.

    Several hints of one event in one POST become one change; that it was deleted outweighs that it was changed.
    """
    changes: dict[tuple[str, str], Change] = {}
    jobs: dict[Job, None] = {}
    dropped: Counter[str] = Counter()
    accepted = 0
    cached: dict[str, str | None] = {}  # items of one subscription carry the same clientState
    for item in notification.items_of(body):
        item_read = _authenticated(item, keys, cached, tenant_id.lower())
        if isinstance(item_read, str):
            dropped[item_read] += 1
            continue
        accepted += 1
        if isinstance(item_read, Job):
            jobs[item_read] = None
            continue
        key = (item_read.watch_id, item_read.event_id)
        if item_read.deleted or key not in changes:
            changes[key] = item_read
    message = ChangeMessage(now, tuple(changes.values()))
    return Intake(list(write_changes(message)), list(write_jobs(jobs)) if jobs else [], accepted, dropped)


def _authenticated(item: Any, keys: Sequence[Key], cached: dict[str, str | None], tenant_id: str) -> Change | Job | str:
    """Return what an item says of which watch, or the reason to drop it. `cached` remembers what was checked."""
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
