"""Rejections shared by the use cases of the bookings feature."""

from __future__ import annotations

from shared import problems
from shared.errors import GraphError, RequestRejected


class NoSuchAppointment(RequestRejected):
    """There is no such appointment."""

    def __init__(self) -> None:
        super().__init__(problems.APPOINTMENT_NOT_FOUND, "List them with GET /api/bookings/{business}/appointments.")


class RuleBroken(RequestRejected):
    """The appointment would break a rule of the business or of its service."""

    def __init__(self, rule: str) -> None:
        super().__init__(problems.BUSINESS_RULE, rule)


class ServiceNotProvided(RequestRejected):
    """A named member of staff does not provide the service."""

    def __init__(self) -> None:
        super().__init__(problems.SERVICE_NOT_PROVIDED, "staff: a named member does not provide this service.")


class StaffNotFree(RequestRejected):
    """The staff is not free for the appointment and its buffers."""

    def __init__(self) -> None:
        text = "start: the staff is not free for the appointment and its buffers. Read the staff's availability."
        super().__init__(problems.STAFF_NOT_FREE, text)


class OutcomeUnknown(RequestRejected):
    """Bookings did not confirm that it created the appointment, and does not show it yet."""

    def __init__(self, error: GraphError, retry_after: float) -> None:
        text = (
            "Bookings did not confirm that it created the appointment, and does not show it yet. Repeat the request "
            "after the time in Retry-After: the relay searches for the appointment first, and never creates it twice. "
            f"(Graph: {error.code}, request-id {error.request_id or 'unknown'})"
        )
        super().__init__(problems.OUTCOME_UNKNOWN, text, retry_after)
