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


class AppointmentUnseen(RequestRejected):
    """The relay made the appointment a moment ago, and Bookings does not show it yet."""

    def __init__(self) -> None:
        text = "The appointment was made a moment ago, and Bookings does not show it yet. Repeat the request."
        super().__init__(problems.APPOINTMENT_IN_PROGRESS, text, 10)


class AppointmentShared(RequestRejected):
    """Other customers have the same appointment."""

    def __init__(self) -> None:
        text = (
            "Other customers have this appointment. Cancel one customer's seat by the id that its creation returned, "
            "or send allCustomers true to change or cancel it for all of them."
        )
        super().__init__(problems.APPOINTMENT_SHARED, text)


class BookingsFailing(RequestRejected):
    """Several calls in a row had no outcome, and Bookings shows none. `nothing` says what was not done."""

    def __init__(self, nothing: str) -> None:
        text = (
            f"{nothing}: Bookings answered several calls with an error, and shows no effect of them. Do not repeat the "
            "request now; after 15 minutes the relay sends it again. The customer's IT can look at the business in "
            "Bookings, or ask Microsoft."
        )
        super().__init__(problems.BOOKINGS_FAILING, text)


class CustomerMailOff(RequestRejected):
    """The customer's IT does not allow mail to customers of appointments."""

    def __init__(self) -> None:
        text = (
            "The customer's IT does not allow mail to customers (CUSTOMER_INVITATIONS). Cancel without a message, or "
            "with DELETE."
        )
        super().__init__(problems.CUSTOMER_MAIL_OFF, text)


class OutcomeUnknown(RequestRejected):
    """Bookings did not confirm that it created the appointment, and does not show it yet."""

    def __init__(self, error: GraphError, retry_after: float) -> None:
        text = (
            "Bookings did not confirm that it created the appointment, and does not show it yet. Repeat the request "
            "after the time in Retry-After: the relay searches for the appointment first, and never creates it twice. "
            f"(Graph: {error.code}, request-id {error.request_id or 'unknown'})"
        )
        super().__init__(problems.OUTCOME_UNKNOWN, text, retry_after)
        self.error = error
