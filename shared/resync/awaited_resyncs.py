"""One owed resync for each mailbox: its watch's row names the job on the queue that makes the next try.

While that job is still to begin, other jobs of the mailbox are dropped: its run begins later, so it finds what they
are about, too. What is dropped is not lost, because the row gives up the token only to a run that begins then, to the
job of the next try, or to a gap (`gap_since`).

A token is written before the job is sent, as that of a run (`resync_started`), for which other jobs wait instead of
being dropped. So neither a process that is killed between the two writes nor a job that is faster than them loses a
resync.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.errors import RelayError, ServiceUnavailable
from shared.messages import Job
from shared.moments import LARGEST_SKEW, has_passed, is_impossible
from shared.queues import JobQueue
from shared.storage.watches import Watch, Watches

ATTEMPTS = 5  # to write to a row that other processes write to as well
LATE = timedelta(minutes=30)  # after its time a job is believed lost
LONGEST_RUN = timedelta(minutes=30)  # longer than the host lets a process work on, and shows its message again
LONGEST_WAIT = timedelta(hours=24) + LARGEST_SKEW  # a time further ahead is that of a wrong clock
REST = timedelta(hours=12)  # after the last try; the next night comes, too
WAITS, AWAITED, COVERED, SUPERSEDED = "waits", "awaited", "covered", "superseded"

_logger = logging.getLogger("relay.awaited_resyncs")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A resync that may be made now. `watch` is the row before; `token`: that of the row, "" if it names none.

    `is_full`: whether everything is sent again. `began`: when the resync began.
    """

    watch: Watch
    token: str
    is_full: bool
    began: datetime


@dataclass(frozen=True)
class AwaitedResyncs:
    """Writes to the watches' rows. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    watches: Watches
    now: Callable[[], datetime]

    def queue(self, watch: Watch, job: Job, queue: JobQueue, delay: float = 0.0) -> bool:
        """Queue a resync that is owed, unless a job that makes it is still to begin; return whether it was queued.

        It replaces the recorded gap, and a job that is late.
        """
        row: Watch | None = watch
        for _ in range(ATTEMPTS):
            if row is None:
                return False
            is_full = _is_full(job) or row.resync_full
            if is_to_come(row, self.now()):
                done = row if row.gap_since is None and row.resync_full == is_full else self._joined(row, is_full)
                if done is not None:
                    return False
            elif (named := self._named(row, is_full)) is not None:
                kind = "resync-full" if is_full else job.kind
                queue.send(replace(job, kind=kind, token=named.resync_token, at=job.at or self.now()), delay)
                self._to_come(named, timedelta(seconds=delay))
                return True
            row = self.watches.get(watch.id)
        raise _busy()

    def begin(self, watch: Watch, job: Job) -> Attempt | str:
        """Return the attempt of a job, or why it has none: WAITS until a resync that runs is over; or it is dropped."""
        row: Watch | None = watch
        for _ in range(ATTEMPTS):
            if row is None:
                return "unknown-watch"
            now, is_named = self.now(), bool(job.token) and job.token == row.resync_token
            if not is_named and (reason := self._reason(row, job, now)):
                if reason != AWAITED or row.resync_full or not _is_full(job):
                    return reason
                if self._joined(row, is_full=True) is not None:
                    return reason
            else:
                is_full = _is_full(job) or row.resync_full
                if not is_named and not row.resync_token and row.gap_since is None and not row.resync_full:
                    return Attempt(row, "", is_full, now)  # the usual case costs no write
                token = job.token if is_named else uuid.uuid4().hex
                changes = {"resync_token": token, "resync_started": now, "resync_full": is_full, "gap_since": None}
                if self.watches.change(row, resync_due=None, **changes) is not None:
                    return Attempt(row, token, is_full, now)
            row = self.watches.get(watch.id)
        raise _busy()

    def succeeded(self, attempt: Attempt, *, has_wrong_clock: bool = False) -> None:
        """Record that a resync succeeded: nothing is owed that was owed when it began."""
        resynced = {} if has_wrong_clock else {"resynced": attempt.began}
        if not attempt.token:
            try:
                if resynced:
                    self.watches.merge(attempt.watch, **resynced)
            except RelayError as error:  # it saves a resync of a later job, no more
                _logger.info("The resync of watch %s was not recorded: %s", attempt.watch.id, error)
            return
        paid = {"resync_token": "", "resync_started": None, "resync_due": None, "resync_full": False} | resynced
        for _ in range(ATTEMPTS):
            row = self.watches.get(attempt.watch.id)
            if row is None or row.resync_token != attempt.token or self.watches.change(row, **paid) is not None:
                return
        raise _busy()

    def put_back(self, attempt: Attempt, job: Job, queue: JobQueue, delay: float) -> str:
        """Queue the next try of a resync that failed, and return the result: AWAITED if another job makes it."""
        is_daily = bool(job.subscription_id) and attempt.watch.gap_since is None  # else it is about more than a day
        again = replace(job, kind="resync-full" if attempt.is_full else job.kind, attempt=job.attempt + 1,
                        subscription_id=job.subscription_id if is_daily else "")  # fmt: skip
        row = self.watches.get(attempt.watch.id)
        if row is None:
            return "unknown-watch"
        if row.resync_token not in ("", attempt.token) and _runs(row, self.now()):
            queue.send(replace(again, token=""), delay)  # that run may have started before this one was needed
            return "put-back"
        again = replace(again, at=job.at if job.token else self.now())  # when the tries began
        return "put-back" if self.queue(row, again, queue, delay) else AWAITED

    def leave(self, watch: Watch, job: Job, attempt: Attempt | None = None, *, is_last: bool = False) -> None:
        """Leave a resync to the recorded gap. After the last try (`is_last`) the next one rests."""
        tokens, row = {job.token, attempt.token if attempt else ""} - {""}, self.watches.get(watch.id)
        for _ in range(ATTEMPTS):
            if row is None:
                return
            is_full, now = _is_full(job) or (attempt is not None and attempt.is_full), self.now()
            is_named = row.resync_token in tokens
            changes: dict[str, Any] = {"resync_token": "", "resync_started": None} if is_named else {}
            if row.gap_since is None or attempt is not None:
                changes |= {"gap_since": now, "due_at": now}
            if is_full and not row.resync_full:
                changes["resync_full"] = True
            if is_named or not row.resync_token:
                changes["resync_due"] = now + REST if is_last else None
            if {name: getattr(row, name) for name in changes} == changes:
                return
            if self.watches.change(row, **changes) is not None:
                return
            row = self.watches.get(watch.id)
        raise _busy()

    def _reason(self, row: Watch, job: Job, now: datetime) -> str:
        """Return why a job that the row does not name makes no resync now; "" if it makes one."""
        if _runs(row, now):
            return WAITS  # that run may have started before this job was queued
        if is_to_come(row, now):
            return SUPERSEDED if job.token else AWAITED
        if row.resync_token or _is_full(job):
            return ""  # what the lost job of a token is about may be later than that resync
        return COVERED if _is_covered(row, job, now) else ""

    def _joined(self, row: Watch, is_full: bool) -> Watch | None:  # noqa: FBT001
        return self.watches.change(row, resync_full=is_full, gap_since=None)

    def _named(self, row: Watch, is_full: bool) -> Watch | None:  # noqa: FBT001
        """Write the token of a job that is about to be sent; until it was sent, as if it had started."""
        token, now = uuid.uuid4().hex, self.now()
        return self.watches.change(row, resync_token=token, resync_started=now, resync_due=now, resync_full=is_full)

    def _to_come(self, named: Watch, delay: timedelta) -> None:
        """Record that a job was sent, unless it began meanwhile: then its row names no time when it is due."""
        row: Watch | None = named
        for _ in range(ATTEMPTS):
            if row is None or row.resync_token != named.resync_token or row.resync_due is None:
                return
            changes: dict[str, Any] = {"resync_started": None, "resync_due": self.now() + delay, "gap_since": None}
            if self.watches.change(row, **changes) is not None:
                return
            row = self.watches.get(named.id)


def is_to_come(watch: Watch, now: datetime) -> bool:
    """Return whether a job that makes the owed resync is on the queue, and begins later than now."""
    due = watch.resync_due
    if not watch.resync_token or watch.resync_started is not None or due is None:
        return False
    return -LATE < due - now <= LONGEST_WAIT


def due_by_job(watch: Watch, now: datetime) -> datetime:
    """Return the earliest time for the resync of a recorded gap, by what is owed: now, or after a rest."""
    due = watch.resync_due
    if due is None or not now < due <= now + LONGEST_WAIT or (watch.resync_token and watch.resync_started is not None):
        return now
    return due


def _runs(row: Watch, now: datetime) -> bool:
    started = row.resync_started
    return bool(row.resync_token) and started is not None and not has_passed(LONGEST_RUN, started, now)


def _is_full(job: Job) -> bool:
    return job.kind == "resync-full"


def _is_covered(row: Watch, job: Job, now: datetime) -> bool:
    """Return whether a resync that succeeded began after a job was queued, by clocks that may differ."""
    if job.at is None or row.resynced is None or is_impossible(row.resynced, now):
        return False
    return row.resynced - job.at > LARGEST_SKEW


def _busy() -> ServiceUnavailable:
    return ServiceUnavailable("storage", "has concurrent writes to the watch's row")
