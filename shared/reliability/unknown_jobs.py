"""Jobs of a later version, which runs beside this one during an update or ran before a rollback.

This version does not know what such a job means, so it does nothing except keep it for a version that does.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from shared.messages import JOB_KINDS, Job, write_jobs
from shared.queues import JobQueue
from shared.reliability.dead_letters import DeadLetters

PUT_BACK_FOR = timedelta(days=2)  # longer than an update takes
DELAY = 600.0  # seconds

_logger = logging.getLogger("relay.jobs")


def is_unknown(job: Job) -> bool:
    """Return whether this version does not know the kind of a job."""
    return job.kind not in JOB_KINDS


def put_back(job: Job, now: datetime) -> Job | None:
    """Return an unknown job as it goes back on its queue; None after two days. Pure."""
    since = min(job.since or now, now)  # the clock of another instance may be ahead
    return replace(job, since=since) if now - since < PUT_BACK_FOR else None


def put_back_unknown(job: Job, queue: JobQueue, dead_letters: DeadLetters) -> str:
    """Put an unknown job back on the queue it came from; after two days keep it as unreadable. Return the result.

    Raises ServiceUnavailable or ConfigurationError when storage fails: then the host keeps the message.
    """
    later = put_back(job, dead_letters.now())
    if later is not None:
        queue.send(later, DELAY)
        return "unknown-kind"
    _logger.error("A job of an unknown kind came back for two days: %s", job.kind[:40])
    for text in write_jobs([job]):
        dead_letters.dead_letter_unreadable(text)
    return "kept-unknown"
