"""Rejections that several use cases of the feature bookings raise."""

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
    """Some of the named staff does not provide the service."""

    def __init__(self) -> None:
        super().__init__(problems.SERVICE_NOT_PROVIDED, "staff: one of them does not provide this service.")


class StaffNotFree(RequestRejected):
    """The staff is not free for the appointment and its buffers."""

    def __init__(self) -> None:
        text = "start: the staff is not free for the appointment with its buffers. Ask for its availability."
        super().__init__(problems.STAFF_NOT_FREE, text)


class OutcomeUnknown(RequestRejected):
    """Bookings did not say whether it made the appointment, and does not show it yet."""

    def __init__(self, error: GraphError, retry_after: float) -> None:
        text = (
            "Bookings did not say whether it made the appointment, and does not show it. Send the same again after the "
            f"time in Retry-After: it is looked for first, and never made twice. (Graph: {error.code}, request-id "
            f"{error.request_id or 'unknown'})"
        )
        super().__init__(problems.OUTCOME_UNKNOWN, text, retry_after)
