"""What became of one change of a batch."""

from __future__ import annotations

from dataclasses import dataclass

from shared.messages import Change
from shared.storage.ledger import Entry

# The results are counted under these names (metric "changes"), and so are the reasons why a watch's changes are
# refused.
DELIVERED, NO_NEWS, FAILED = "told", "no-news", "failed"
COVERED = "covered"  # a reading that began later covers it
BUSY = "busy"  # somebody else is reading the event
DEFERRED = "put-off"  # not looked at: it may not leave now
NOT_ALLOWED = "not-allowed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A change's result, the ledger's entry to write, and of a failure why.

    `claim` is the ledger entry before a failed attempt; for callers that schedule no retry. `status` is the partner's
    response (0: none), `disposition` what it means ("": the partner was not called), and `retry_after` the seconds that
    the other side asked for.
    """

    result: str
    change: Change
    entry: Entry | None = None
    following: tuple[Change, ...] = ()
    disposition: str = ""
    status: int = 0
    retry_after: float | None = None
    claim: Entry | None = None
