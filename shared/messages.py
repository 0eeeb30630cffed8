"""The messages on the relay's queues; they contain only ids and times. Pure.

A message holds many changes, because the cost is per message. Version 1:
`{"v": 1, "hinted": "2026-11-20T10:00:00.123456+00:00", "attempt": 0, "retry": "", "changes": [{"watch", "user",
"event", "deleted"}]}`. Optional keys are left out where they say nothing. It has no key `id`, because the Functions
host would take that for the message's own id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Origin = Literal["live", "backfill"]
LARGEST = 45_000  # bytes; "Queue Storage" allows 64 KiB, which base64 reduces to 48 KiB
LIFECYCLE_KINDS = frozenset({"reauthorizationRequired", "subscriptionRemoved", "missed"})  # Graph's names of its events
# resync-full sends everything again; reconcile is for all watches; probe and drain are for the partner's endpoint; the
# watch_id of a replay is the replay's id.
REPAIR_KINDS = LIFECYCLE_KINDS | {"resync", "resync-full", "reconcile", "probe", "drain", "replay"}
# lookup reads one subscription by its id; run continues the renewal run; audit reads the list of subscriptions; sweep
# deletes ledger entries of watches that were removed; cleanup deletes other rows that nobody needs; backlog sends what
# features have to deliver, and retries what is due of it later; second-resync repeats the resync of a gap, when the
# view has caught up with the calendar.
WORK_KINDS = frozenset({"lookup", "run", "audit", "sweep", "cleanup", "backlog", "retries", "second-resync"})
JOB_KINDS = REPAIR_KINDS | WORK_KINDS
_JOB_KEYS = frozenset({"watch", "kind", "subscription", "attempt", "at", "since", "seen", "token", "cursor"})
_encoder = json.JSONEncoder(separators=(",", ":"))  # writes ASCII: one byte per character
_UNREADABLE = (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError)


class BadMessage(ValueError):
    """A message that no version of the relay has written."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event that changed, in the mailbox of a watch; `user_id` is the mailbox's object id from Graph.

    - `series_id`: the series of an occurrence, if the relay knows it before it reads the occurrence.
    - `first_at`: when Graph first notified the relay of what is still owed, if that was before the message's
      `notified_at`: for changes that were parked, or are replayed.
    - `is_second_look`: Graph did not find the event a minute ago.

    In JSON these are the keys series, first and missing.
    """

    watch_id: str
    user_id: str
    event_id: str
    deleted: bool = False
    series_id: str = ""
    first_at: datetime | None = None
    is_second_look: bool = False


@dataclass(frozen=True, slots=True)
class ChangeMessage:
    """Changes, and how to process them. In JSON, `notified_at`, `retry_token`, `skip_settling` and `force` are the keys
    hinted, retry, settled and again.

    - `notified_at`: when Graph notified the relay, or when the relay found the changes.
    - `attempt`: the number of failed attempts. `retry_token`: identifies the message that makes the next one.
    - `skip_settling`: process without waiting SETTLE_SECONDS.
    - `force`: deliver even if the partner has the same state.
    - `origin`: live, or backfill for what a resync, a drain or a replay queues.
    - `yields`: a resync queues the changes, so each is dropped while its event's delivery is being retried.
    """

    notified_at: datetime
    changes: tuple[Change, ...]
    attempt: int = 0
    retry_token: str = ""
    skip_settling: bool = False
    force: bool = False
    origin: Origin = "live"
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    - `kind`: one of JOB_KINDS, or one of a later version: see shared/reliability/unknown_jobs.py.
    - `attempt`: the number of failed attempts.
    - `at`: when the relay took in the event or made the job; None in a message of an earlier version.
    - `since`: when a version of the relay first put the job back because it does not know its kind.
    - `seen`: the etag of a lease that was not free; the message was hidden for as long as the lease has to be observed.
    - `later`: the fields that only a later version knows. They stay in a job that this version puts back.
    - `token`: identifies the one job of its kind, or of its watch, that is waited for; "" if none is.
    - `cursor`: the key after which a sweep or a cleanup goes on.
    """

    watch_id: str
    kind: str
    subscription_id: str = ""
    attempt: int = 0
    at: datetime | None = None
    since: datetime | None = None
    seen: str = ""
    later: Mapping[str, Any] = field(default_factory=dict, hash=False)
    token: str = ""
    cursor: str = ""


def write_changes(message: ChangeMessage) -> Iterator[str]:
    """Yield a message as texts of up to LARGEST bytes, with every change in exactly one of them."""
    head: dict[str, Any] = {
        "v": 1, "hinted": message.notified_at.isoformat(), "attempt": message.attempt, "retry": message.retry_token
    }  # fmt: skip
    head |= {"settled": True} if message.skip_settling else {}
    head |= {"again": True} if message.force else {}
    head |= {"origin": message.origin} if message.origin != "live" else {}
    head |= {"yields": True} if message.yields else {}
    return _split(head, "changes", [_change_row(change) for change in message.changes])


def write_jobs(jobs: Iterable[Job]) -> Iterator[str]:
    """Yield jobs as texts, split like changes."""
    return _split({"v": 1}, "repairs", [_job_row(job) for job in jobs])


def read_changes(text: str) -> ChangeMessage:
    """Return a message of changes. Raises BadMessage."""
    try:
        content = _version_1(text)
        changes = tuple(_change(row) for row in content["changes"])
        notified_at = datetime.fromisoformat(content["hinted"])
        skip_settling, force, yields = (content.get(name) is True for name in ("settled", "again", "yields"))
        attempt, retry_token = int(content["attempt"]), str(content["retry"])
        origin: Origin = "backfill" if content.get("origin") == "backfill" else "live"
        message = ChangeMessage(notified_at, changes, attempt, retry_token, skip_settling, force, origin, yields)
    except _UNREADABLE:
        raise BadMessage("not a message of changes") from None
    if notified_at.tzinfo is None:
        raise BadMessage("the hint has no time zone")
    return message


def read_jobs(text: str) -> list[Job]:
    """Return the jobs of a message. Raises BadMessage."""
    try:
        return [_job(row) for row in _version_1(text)["repairs"]]
    except _UNREADABLE:
        raise BadMessage("not a message of repairs") from None


def _change_row(change: Change) -> dict[str, Any]:
    row = {"watch": change.watch_id, "user": change.user_id, "event": change.event_id}
    optional = {
        "deleted": change.deleted, "series": change.series_id, "missing": change.is_second_look,
        "first": change.first_at.isoformat() if change.first_at else "",
    }  # fmt: skip
    return row | {name: value for name, value in optional.items() if value}


def _change(row: dict[str, Any]) -> Change:
    deleted, is_second_look = (row.get(name) is True for name in ("deleted", "missing"))
    series_id, first = str(row.get("series") or ""), row.get("first")
    first_at = _moment(first) if first else None
    return Change(str(row["watch"]), str(row["user"]), str(row["event"]), deleted, series_id, first_at, is_second_look)


def _job_row(job: Job) -> dict[str, Any]:
    moments = {name: moment.isoformat() for name, moment in (("at", job.at), ("since", job.since)) if moment}
    texts = {name: text for name, text in (("seen", job.seen), ("token", job.token), ("cursor", job.cursor)) if text}
    return {
        **job.later, "watch": job.watch_id, "kind": job.kind, "subscription": job.subscription_id,
        "attempt": job.attempt, **moments, **texts,
    }  # fmt: skip


def _job(row: dict[str, Any]) -> Job:
    later = {name: value for name, value in row.items() if name not in _JOB_KEYS}
    at, since = (_moment(row[name]) if row.get(name) is not None else None for name in ("at", "since"))
    seen, token, cursor = (str(row.get(name) or "") for name in ("seen", "token", "cursor"))
    attempt = int(row.get("attempt", 0))
    ids = str(row["watch"]), str(row["kind"]), str(row["subscription"])
    return Job(*ids, attempt, at, since, seen, later, token, cursor)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment


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
