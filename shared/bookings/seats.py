"""The customers of a business, and their seats in an appointment for several: take one, give one back.

A service for several customers requires them to exist ("Create bookingAppointment").
An update of `customers` replaces the whole list, and leaves out a customer whose id is not valid ("Update
bookingAppointment"). So the others are sent back as they were read, within the turn of the business, and the result is
read. What people change in Bookings within the same second may be lost: Bookings has no condition for an update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from shared import problems
from shared.bookings.business_lock import WAIT_UNKNOWN
from shared.bookings.draft import AppointmentDraft
from shared.bookings.graph_body import customer_body, customer_information, customers_change
from shared.bookings.graph_errors import READING, WRITING, is_outcome_open, rejection_of, translate_graph_errors
from shared.bookings.rejections import OutcomeUnknown
from shared.errors import GraphError, GraphUnavailable, RequestRejected, ServiceUnavailable

if TYPE_CHECKING:
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment

NOT_ALL = "Bookings does not return all customers of this appointment: take the customer out of it in Bookings."
LEFT_OUT = "Bookings left the customer out of the appointment. Nothing was booked."


class SeatCustomer(NamedTuple):
    """A customer by Graph's id (empty where none is needed), and whether this call created it."""

    id: str = ""
    is_new: bool = False


@dataclass(frozen=True)
class Customers:
    """Finds and creates customers. Methods raise RequestRejected."""

    bookings: BookingsClient

    def of(self, draft: AppointmentDraft) -> SeatCustomer:
        """Return the customer of a request, created now if the service needs one that does not exist."""
        if not draft.is_shared:
            return SeatCustomer()
        with translate_graph_errors(READING):
            known = self._customer_id(draft)
        return SeatCustomer(known) if known else SeatCustomer(self._created(draft), is_new=True)

    def take_back(self, draft: AppointmentDraft, customer: SeatCustomer) -> None:
        """Delete a customer that this call created for a request that is refused; a failure changes nothing."""
        if not customer.is_new:
            return
        with suppress(GraphError, ServiceUnavailable):
            self.bookings.delete_customer(draft.business.id, customer.id)

    def _customer_id(self, draft: AppointmentDraft) -> str:
        """Return the id of the customer with the request's address; empty if there is none."""
        customers = self.bookings.customers(draft.business.id)
        return next((each.id for each in customers if each.address.strip().lower() == draft.customer), "")

    def _created(self, draft: AppointmentDraft) -> str:
        """Create a customer and return the id. Bookings may create one and answer an error."""
        try:
            return self.bookings.create_customer(draft.business.id, customer_body(draft.request.customer)).id
        except GraphError as error:
            made = ""
            if is_outcome_open(error):
                with suppress(GraphError, ServiceUnavailable):
                    made = self._customer_id(draft)
            if not made:
                raise rejection_of(error, WRITING) from None
            return made


@dataclass(frozen=True)
class Seats:
    """Changes the customers of appointments. Methods raise RequestRejected."""

    bookings: BookingsClient
    mails_customers: Callable[[], bool]

    def free_in(self, draft: AppointmentDraft, appointments: Iterable[Appointment]) -> Appointment | None:
        """Return the first appointment that has a seat for the request and its staff."""
        named = {member.id for member in draft.staff} if draft.request.staff else None
        for each in appointments:
            has_seat = each.has_all_customers and len(each.raw_customers) < each.capacity
            if has_seat and (named is None or named == set(each.staff_ids)):
                return each
        return None

    def take(self, draft: AppointmentDraft, appointment: Appointment, customer: SeatCustomer) -> Appointment:
        """Add the customer to an appointment, and return it as Bookings has it then."""
        added = customer_information(draft.request.customer, draft.request.time_zone or "UTC", customer.id)
        changed = self._replace(draft.business.id, appointment, [*appointment.raw_customers, added])
        if customer.id not in changed.customer_ids:
            raise RequestRejected(problems.BOOKINGS_REJECTED, LEFT_OUT)
        return changed

    def give_back(self, business: str, appointment: Appointment, customer_id: str) -> None:
        """Take one customer out of an appointment; the others keep their seats."""
        if not appointment.has_all_customers:
            raise RequestRejected(problems.APPOINTMENT_CONFLICT, NOT_ALL)
        kept = [each for each in appointment.raw_customers if each.get("customerId") != customer_id]
        changed = self._replace(business, appointment, kept)
        if customer_id in changed.customer_ids:
            raise RequestRejected(problems.BOOKINGS_REJECTED, "Bookings kept the customer in the appointment.")

    def _replace(self, business: str, appointment: Appointment, customers: list[dict[str, Any]]) -> Appointment:
        body = customers_change(customers, appointment.capacity, is_mail_off=not self.mails_customers())
        try:
            self.bookings.change(business, appointment.id, body)
        except GraphError as error:
            if not is_outcome_open(error):
                raise rejection_of(error, WRITING) from None
            return self._after(
                error, business, appointment.id, {each["customerId"] for each in customers if "customerId" in each}
            )
        try:
            return self.bookings.appointment(business, appointment.id)
        except GraphError as error:  # the update was carried out: nothing of it may be undone
            raise OutcomeUnknown(error, WAIT_UNKNOWN) from None
        except ServiceUnavailable:
            raise OutcomeUnknown(GraphUnavailable(0, "NotRead"), WAIT_UNKNOWN) from None

    def _after(self, error: GraphError, business: str, appointment_id: str, wanted: set[str]) -> Appointment:
        """Return the appointment if the update was carried out although Bookings did not confirm it."""
        try:
            changed = self.bookings.appointment(business, appointment_id)
        except (GraphError, ServiceUnavailable):
            changed = None
        if changed is None or changed.customer_ids != wanted:
            raise OutcomeUnknown(error, WAIT_UNKNOWN)
        return changed
