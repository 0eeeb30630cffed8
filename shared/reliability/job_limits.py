"""When a failing job has had its last try. Pure.

What is retried for ever piles up: each night, each call and each event of Graph adds a job of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.messages import Job
from shared.reliability.retry_schedule import is_exhausted

RESYNCS = ("missed", "resync", "resync-full", "second-resync")
# A timer looks for their work at each run, and the night requests a sweep and a cleanup.
OF_THE_TIMER = ("reconcile", "run", "audit", "lookup", "probe", "drain", "sweep", "cleanup", "backlog", "retries")
LAST_OF_THE_TIMER = 4  # half an hour after the first try
LAST_RESYNC = 8  # 22 hours after the first try: then the next night comes
LONGEST = timedelta(hours=22)  # of a resync whose tries Retry-After moves apart


def is_last_try(job: Job, now: datetime) -> bool:
    """Return whether a job that has failed now is not put back.

    Events of Graph and replays end after seven days. Until then the subscription of an event was renewed or made anew.
    """
    if job.kind in OF_THE_TIMER:
        return job.attempt >= LAST_OF_THE_TIMER
    if job.kind in RESYNCS:
        is_old = bool(job.token) and job.at is not None and now - job.at >= LONGEST
        return job.attempt >= LAST_RESYNC or is_old
    return is_exhausted(job.attempt)
