"""What each status of the partner means: one table, which docs/partner-guide.md repeats. Pure."""

from __future__ import annotations

from enum import StrEnum

NO_ANSWER = 0  # connection refused or lost, host unknown, certificate invalid, or timeout


class Disposition(StrEnum):
    """What to do with a delivery after its response."""

    DELIVERED = "done"
    RETRY = "retry"  # retried on schedule
    RETRY_AND_ALERT = "alert"  # the same, and an alert: only a person can solve it
    REJECT = "dead"  # a dead letter immediately: the same body would get the same response
    DISABLE = "stop"  # the partner wants no more deliveries, until an administrator resumes


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
    """Return the disposition for a status. A redirect is never followed: like unknown statuses, it is a failure."""
    return _BY_STATUS.get(status) or _BY_HUNDRED.get(status // 100, Disposition.RETRY_AND_ALERT)


def needs_a_person(status: int) -> bool:
    """Return whether a status needs an administrator, because retries alone do not solve it."""
    return disposition_of(status) in (Disposition.RETRY_AND_ALERT, Disposition.DISABLE)
