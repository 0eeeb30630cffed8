"""Find the appointment that a request asks for, if it exists.

Lists of Bookings may leave out the customers (microsoft-graph-docs-contrib issue 539) and show a write late. So each
appointment of the same service and start is read by its id, and what the relay made itself is remembered. An
appointment that another caller made, or people in Bookings, is not told of: to this caller its staff is not free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared import problems
from shared.bookings.draft import AppointmentDraft
from shared.bookings.graph_errors import READING, is_missing, rejection_of, translate_graph_errors
from shared.bookings.rejections import AppointmentUnseen, StaffNotFree
from shared.errors import GraphError, RequestRejected
from shared.graph.bookings.ids import Seat

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from shared.bookings.draft import CustomerTime
    from shared.bookings.held_times import HeldTime, HeldTimes
    from shared.bookings.records import AppointmentRecord, AppointmentRecords
    from shared.bookings.staff_times import EngagedStaff
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment


@dataclass(frozen=True)
class ExistingAppointments:
    """Finds appointments. Methods raise RequestRejected, ConfigurationError or ServiceUnavailable."""

    bookings: BookingsClient
    held: HeldTimes
    records: AppointmentRecords

    def of_request(self, draft: AppointmentDraft, record: AppointmentRecord | None) -> Appointment | None:
        """Return the appointment of an earlier, identical request of this caller, whose `record` is given."""
        found = self._remembered(draft, record) or self.listed(draft, record)
        if found is None:
            return None
        if record is None or not record.is_maker_of(found):
            raise StaffNotFree
        if draft.request.staff and {member.id for member in draft.staff} != set(found.staff_ids):
            text = "The customer has this appointment with other staff: change it."
            raise RequestRejected(problems.BOOKED_WITH_OTHER_STAFF, text)
        return found

    def listed(self, draft: AppointmentDraft, record: AppointmentRecord | None) -> Appointment | None:
        """Return the appointment of the service, start and customer that Bookings has, whoever made it.

        If Bookings does not tell its customers at all, it is the one that the call of `record` must have made.
        """
        with translate_graph_errors(READING):
            listed = self.bookings.calendar_view(draft.business.id, draft.start, draft.end)
        held = self.held.of(draft.business.id)
        found = []
        time = draft.customer_time
        for each in self._candidates(time, listed, held, self._of_others(time, listed, held)):
            if draft.is_same(each):
                return each
            found.append(each)
        return next((each for each in found if self._is_unnamed_own(draft, record, each)), None)

    def require_none(self, time: CustomerTime, engaged: EngagedStaff, moved: Appointment, *, is_shared: bool) -> None:
        """Raise StaffNotFree if a customer of an appointment that moves has another one of the service at its new time.

        As for a new appointment, the caller is not told of it.
        """
        known = {moved.id}
        if not is_shared:  # customers join a shared one
            known |= self._of_others(time, engaged.appointments, engaged.held)
        for each in self._candidates(time, engaged.appointments, engaged.held, known):
            if time.is_at(each.service_id, each.start) and time.has_customer(each):
                raise StaffNotFree

    def _of_others(self, time: CustomerTime, listed: Iterable[Appointment], held: Iterable[HeldTime]) -> set[str]:
        """Return the ids of appointments that are known to be of other customers, wherever a late list shows them."""
        here = [each for each in held if time.is_at(each.service, each.start)]
        others = {each.appointment for each in here if each.identity and each.identity not in time.hashes}
        others |= {each.id for each in listed if each.lists_all_customers and not time.has_customer(each)}
        return others - {each.appointment for each in here if not each.identity}

    def _candidates(
        self, time: CustomerTime, listed: Iterable[Appointment], held: Iterable[HeldTime], others: Container[str]
    ) -> Iterable[Appointment]:
        """Yield what may be an appointment of the customers, of those that are listed or held, as it is by its id.

        One that moves here, and is not shown here yet, may still come.
        """
        here = [each for each in held if time.is_at(each.service, each.start)]
        moving = {each.appointment for each in here if not each.identity}
        ids = [each.id for each in listed if time.is_at(each.service_id, each.start)]
        ids += [each.appointment for each in here]
        for each in self.read(time.business, ids, others):
            if each.id in moving and time.has_customer(each) and not time.is_at(each.service_id, each.start):
                raise AppointmentUnseen
            yield each

    def read(self, business: str, ids: Iterable[str], others: Container[str] = ()) -> Iterable[Appointment]:
        """Yield the appointments of some ids, except of `others`, which are known to be of other customers.

        One that is listed and cannot be read is no proof of anything.
        """
        for appointment_id in dict.fromkeys(each for each in ids if each and each not in others):
            appointment = self._read(business, appointment_id)
            if appointment is not None:
                yield appointment
            elif not self.records.is_cancelled(business, Seat(appointment_id)):
                raise AppointmentUnseen

    def _is_unnamed_own(self, draft: AppointmentDraft, record: AppointmentRecord | None, each: Appointment) -> bool:
        """Return whether an appointment without customers was created in the moment of a call without an outcome, and
        by no other call of the relay.
        """
        if record is None or not draft.may_be(each) or not record.was_sent_at(each.created):
            return False
        return self.records.find(self.records.key_of(draft.business.id, Seat(each.id))) is None

    def _remembered(self, draft: AppointmentDraft, record: AppointmentRecord | None) -> Appointment | None:
        if record is None or not record.appointment:
            return None
        found = self._read(draft.business.id, record.appointment)
        if found is None and self.records.may_be_unseen(record):
            seat = Seat(record.appointment)
            if not self.records.is_cancelled(draft.business.id, seat):
                raise AppointmentUnseen
        if found is None or not draft.may_be(found):
            return None
        return found

    def _read(self, business: str, appointment_id: str) -> Appointment | None:
        """Return an appointment, or None for the 404 of a missing one."""
        try:
            return self.bookings.appointment(business, appointment_id)
        except GraphError as error:
            if is_missing(error):
                return None
            raise rejection_of(error, READING) from None
