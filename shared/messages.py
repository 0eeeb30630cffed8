"""The messages on the relay's queues; they contain only ids and times. Pure.

A message holds many changes, because the cost is per message. Version 1:
`{"v": 1, "hinted": "2026-11-20T10:00:00.123456+00:00", "attempt": 0, "retry": "", "changes": [{"watch", "user",
"event", "deleted"}]}`. It has no key `id`, because the Functions host would take that for the message's own id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LARGEST = 45_000  # bytes; "Queue Storage" allows 64 KiB, which base64 reduces to 48 KiB
_encoder = json.JSONEncoder(separators=(",", ":"))  # writes ASCII: one byte per character
_UNREADABLE = (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError)


class BadMessage(ValueError):
    """A message that no version of the relay has written."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event that changed, in the mailbox of a watch; `user_id` is the mailbox's object id from Graph."""

    watch_id: str
    user_id: str
    event_id: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ChangeMessage:
    """Changes, and how to process them. In JSON, `notified_at`, `retry_token`, `skip_settling` and `force` are the keys
    hinted, retry, settled and again.

    - `notified_at`: when Graph notified the relay, or when the relay found the changes.
    - `attempt`: the number of failed attempts. `retry_token`: identifies the message that makes the next one.
    - `skip_settling`: process without waiting SETTLE_SECONDS.
    - `force`: deliver even if the partner has the same state.
    """

    notified_at: datetime
    changes: tuple[Change, ...]
    attempt: int = 0
    retry_token: str = ""
    skip_settling: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A job. `kind` is a lifecycle event, by Graph's name, or one of the relay's own: resync, resync-full (send
    everything again), reconcile (all watches), probe or drain (the partner's endpoint), or replay (`watch_id` is the
    replay's id). `attempt` is the number of failed attempts.
    """

    watch_id: str
    kind: str
    subscription_id: str = ""
    attempt: int = 0


def write_changes(message: ChangeMessage) -> Iterator[str]:
    """Yield a message as texts of up to LARGEST bytes, with every change in exactly one of them."""
    head: dict[str, Any] = {
        "v": 1, "hinted": message.notified_at.isoformat(), "attempt": message.attempt, "retry": message.retry_token
    }  # fmt: skip
    head |= {"settled": True} if message.skip_settling else {}
    head |= {"again": True} if message.force else {}
    rows: list[dict[str, Any]] = [
        {"watch": c.watch_id, "user": c.user_id, "event": c.event_id, **({"deleted": True} if c.deleted else {})}
        for c in message.changes
    ]
    return _split(head, "changes", rows)


def write_jobs(jobs: Iterable[Job]) -> Iterator[str]:
    """Yield jobs as texts, split like changes."""
    rows = [
        {"watch": j.watch_id, "kind": j.kind, "subscription": j.subscription_id, "attempt": j.attempt} for j in jobs
    ]
    return _split({"v": 1}, "repairs", rows)


def read_changes(text: str) -> ChangeMessage:
    """Return a message of changes. Raises BadMessage."""
    try:
        content = _version_1(text)
        changes = tuple(
            Change(str(c["watch"]), str(c["user"]), str(c["event"]), c.get("deleted") is True)
            for c in content["changes"]
        )
        notified_at = datetime.fromisoformat(content["hinted"])
        skip_settling, force = (content.get(name) is True for name in ("settled", "again"))
        attempt, retry_token = int(content["attempt"]), str(content["retry"])
        message = ChangeMessage(notified_at, changes, attempt, retry_token, skip_settling, force)
    except _UNREADABLE:
        raise BadMessage("not a message of changes") from None
    if notified_at.tzinfo is None:
        raise BadMessage("the hint has no time zone")
    return message


def read_jobs(text: str) -> list[Job]:
    """Return the jobs of a message. Raises BadMessage."""
    try:
        rows = _version_1(text)["repairs"]
        return [Job(str(r["watch"]), str(r["kind"]), str(r["subscription"]), int(r.get("attempt", 0))) for r in rows]
    except _UNREADABLE:
        raise BadMessage("not a message of repairs") from None


def _version_1(text: str) -> dict[str, Any]:
    content = json.loads(text)
    if not isinstance(content, dict) or content.get("v") != 1:
        raise BadMessage("not of version 1")
    return content


def _split(head: dict[str, Any], name: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield one text with all rows, or several texts with about equal parts if one would exceed LARGEST."""
    if not rows:
        return
    text = _encoder.encode({**head, name: rows})
    if len(text) <= LARGEST or len(rows) == 1:  # ids are short: one row is never too large
        yield text
        return
    parts = len(text) // (LARGEST - 1_000) + 1  # the margin allows for rows of different lengths
    size = -(-len(rows) // parts)
    for first in range(0, len(rows), size):
        yield from _split(head, name, rows[first : first + size])
