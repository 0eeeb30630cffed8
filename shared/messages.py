"""The messages on our queues: ids and moments only. Pure.

A message holds many changes, because reading messages one by one is what costs. Version 1:
`{"v": 1, "hinted": "2026-11-20T10:00:00.123456+00:00", "attempt": 0, "retry": "", "changes": [{"watch", "user",
"event", "deleted"}]}`. It has no key named id: the host would take that for the message's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LARGEST = 45_000  # bytes; "Queue Storage" takes 64 KiB, of which base64 leaves 48


_encoder = json.JSONEncoder(separators=(",", ":"))  # writes ASCII, so that a character is a byte


_UNREADABLE = (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError)


class BadMessage(ValueError):
    """A message that no version of the relay has written."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event that changed, in the mailbox of a watch; `user_id` is the mailbox's object id as Graph named it."""

    watch_id: str
    user_id: str
    event_id: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ChangeMessage:
    """Changes of which Graph notified at `notified_at`. `attempt` counts the failed tries; `retry_token` names a
    message that owes one.

    `skip_settling` says that the calendar has settled already: the changes follow from a reading. `force` says that the
    partner wants them again, even if it has them. Their JSON keys are hinted, retry, settled and again.
    """

    notified_at: datetime
    changes: tuple[Change, ...]
    attempt: int = 0
    retry_token: str = ""
    skip_settling: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do about a watch: a lifecycle event of its subscription, in Graph's word for it, or our own
    resync, resync-full (send everything again), reconcile (all watches), probe or drain (the partner's endpoint) or
    replay (`watch_id` is the replay's id). `attempt` counts the failed tries.
    """

    watch_id: str
    kind: str
    subscription_id: str = ""
    attempt: int = 0


def write_changes(message: ChangeMessage) -> Iterator[str]:
    """Yield the texts of a message, each under LARGEST bytes, with every change in exactly one of them."""
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
    """Yield the texts for jobs, split like those of changes."""
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
    """Yield one text with all rows or, where that would be too large, those of about equal parts of them."""
    if not rows:
        return
    text = _encoder.encode({**head, name: rows})
    if len(text) <= LARGEST or len(rows) == 1:  # ids are short: one row is never too large
        yield text
        return
    parts = len(text) // (LARGEST - 1_000) + 1  # rows differ a little in length, so a part may be a little longer
    size = -(-len(rows) // parts)
    for first in range(0, len(rows), size):
        yield from _split(head, name, rows[first : first + size])
