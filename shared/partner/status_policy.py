"""What each answer of the partner means: one table, which docs/partner-guide.md shows to the partner. Pure."""

from __future__ import annotations

from enum import StrEnum

NO_ANSWER = 0  # the line was refused or cut, the name is unknown, the certificate is wrong, or time ran out


class Disposition(StrEnum):
    """What is done about a delivery after its answer."""

    DELIVERED = "done"
    RETRY = "retry"  # tried again on schedule
    RETRY_AND_ALERT = "alert"  # the same, and an administrator is told: it will not heal by itself
    REJECT = "dead"  # becomes a dead letter at once: the same body would get the same answer
    DISABLE = "stop"  # the partner wants nothing any more, until an administrator resumes


_BY_STATUS = {
    NO_ANSWER: Disposition.RETRY,
    400: Disposition.REJECT,
    408: Disposition.RETRY,
    410: Disposition.DISABLE,
    413: Disposition.REJECT,
    422: Disposition.REJECT,
    425: Disposition.RETRY,
    429: Disposition.RETRY,
}
_BY_HUNDRED = {2: Disposition.DELIVERED, 4: Disposition.RETRY_AND_ALERT, 5: Disposition.RETRY}


def disposition_of(status: int) -> Disposition:
    """Return what a status means. A redirect is never followed: like what HTTP does not know, it is a failure."""
    return _BY_STATUS.get(status) or _BY_HUNDRED.get(status // 100, Disposition.RETRY_AND_ALERT)


def needs_a_person(status: int) -> bool:
    """Return whether an administrator has to know of a status: it will not heal by itself."""
    return disposition_of(status) in (Disposition.RETRY_AND_ALERT, Disposition.DISABLE)
