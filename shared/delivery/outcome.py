"""The outcome of one change in a batch."""

from __future__ import annotations

from dataclasses import dataclass

from shared.messages import Change
from shared.storage.ledger_entry import Entry

# Values of the metric "changes"; further ones are the reasons for which a watch's changes are not delivered. FAILED is
# counted as put-back, parked or dead instead.
DELIVERED, NO_NEWS, FAILED = "told", "no-news", "failed"
COVERED = "covered"  # a read of the event that began after the notification covers it
BUSY = "busy"  # another process is reading the event
DEFERRED = "put-off"  # not processed: deliveries are not allowed now, or the time is used up
NOT_ALLOWED = "not-allowed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a change, the ledger entry to write, and the details of a failure.

    `following`: changes of occurrences to queue next. `disposition`: what the partner's response means ("": the partner
    was not called). `status`: that response (0: none). `retry_after`: the seconds of a Retry-After, from Graph or the
    partner. `claim`: the ledger entry before a failed attempt, for callers that schedule no retry. `error`: why the
    attempt failed. `second_look`: the change to queue for a later read. A failure without `entry` was not tried: its
    mailbox must not be read before `retry_after`, or it is unknown whether it may be read at all (`error`).
    """

    result: str
    change: Change
    entry: Entry | None = None
    following: tuple[Change, ...] = ()
    disposition: str = ""
    status: int = 0
    retry_after: float | None = None
    claim: Entry | None = None
    error: Exception | None = None
    second_look: Change | None = None
