"""Give a request its staff and send it to Bookings, in the turn of the business, once.

Whoever is refused leaves nothing behind: a customer is created only after its staff was found free, and deleted again
when the appointment is refused. The record of the request is written before anything is sent, so that a later call
knows whose appointment it finds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from shared import problems, telemetry
from shared.bookings.business_lock import LEASE_TIME, RETRY_AFTER, WAIT_UNKNOWN, BusinessLock, check_held
from shared.bookings.business_rules import is_free
from shared.bookings.draft import AppointmentDraft
from shared.bookings.graph_body import new_appointment
from shared.bookings.graph_errors import WRITING, is_outcome_open, rejection_of, translate_graph_errors
from shared.bookings.held_times import HeldTime
from shared.bookings.rejections import OutcomeUnknown, StaffNotFree
from shared.bookings.seats import Customers, SeatCustomer
from shared.bookings.staff_times import EngagedStaff, StaffTimes, engaged_spans
from shared.errors import ConfigurationError, GraphError, RequestRejected, ServiceUnavailable

if TYPE_CHECKING:
    from shared.bookings.existing import ExistingAppointments
    from shared.bookings.records import AppointmentRecord, AppointmentRecords
    from shared.bookings.seats import Seats
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment
    from shared.storage.leases import Held

SEND_WITHIN = LEASE_TIME / 2  # of acquiring the lease: the next holder must see the appointment
READ_BACK_DELAYS = (0.0, 1.0, 2.0)  # seconds before each search after an unknown outcome


class SendingLocks(NamedTuple):
    """The lock of the business, and the lease of the request, under which a call sends."""

    lock: Held
    lease: Held

    def check(self) -> None:
        """Raise RequestRejected 503 if another call may have the lock or the lease by the time of sending."""
        check_held(self.lock, "Nothing was booked.")
        if self.lease.age() > SEND_WITHIN.total_seconds():
            text = "Nothing was booked. Repeat the request."
            raise RequestRejected(problems.BOOKINGS_UNAVAILABLE, text, RETRY_AFTER)


@dataclass(frozen=True)
class AppointmentSender:
    """Sends appointments. Methods raise RequestRejected, ConfigurationError or ServiceUnavailable."""

    bookings: BookingsClient
    existing: ExistingAppointments
    lock: BusinessLock
    staff_times: StaffTimes
    records: AppointmentRecords
    customers: Customers
    seats: Seats
    sleep: Callable[[float], None]
    mails_customers: Callable[[], bool]

    def send(self, draft: AppointmentDraft, lease: Held, key: str) -> Appointment:
        """Return the new appointment, or one that had a seat left. `key` is that of the request's record."""
        with self.lock.hold(draft.business.id) as lock:
            ids = [member.id for member in draft.staff]
            engaged = self.staff_times.around(draft.business, ids, draft.block, draft.longest_buffer)
            joinable = self._with_seat(draft, engaged) if draft.is_shared else None
            staff_ids = list(joinable.staff_ids) if joinable else self._free_staff(draft, engaged)
            customer = self.customers.of(draft)
            locks = SendingLocks(lock, lease)
            try:
                if joinable is not None:
                    return self._join(draft, joinable, customer, key, locks)
                return self._create(draft, staff_ids, customer, key, locks)
            except OutcomeUnknown:
                raise
            except RequestRejected:
                self._take_back(draft, customer, key)
                raise

    def _with_seat(self, draft: AppointmentDraft, engaged: EngagedStaff) -> Appointment | None:
        """Return an appointment of the service and start that has a seat left."""
        found = list(self.existing.read(draft.business.id, engaged.ids_of(draft.service.id, draft.start)))
        same = [each for each in found if (each.service_id, each.start) == (draft.service.id, draft.start)]
        if any(draft.is_same(each) for each in same):  # of another caller
            raise StaffNotFree
        return self.seats.free_in(draft, same)

    def _free_staff(self, draft: AppointmentDraft, engaged: EngagedStaff) -> list[str]:
        """Return the named staff if all of it is free; without names, the first free member."""
        times = engaged_spans(engaged.appointments, engaged.held)
        free = [
            each.id for each in draft.staff
            if is_free([*engaged.spans.get(each.id, ()), *times.get(each.id, ())], draft.service, draft.start)
        ]  # fmt: skip
        if draft.request.staff and len(free) == len(draft.staff):
            return free
        if draft.request.staff or not free:
            raise StaffNotFree
        return free[:1]

    def _join(
        self, draft: AppointmentDraft, joinable: Appointment, customer: SeatCustomer, key: str, locks: SendingLocks
    ) -> Appointment:
        if customer.id in joinable.customer_ids:  # another caller's, or of people in Bookings
            raise StaffNotFree
        with self._unsent(draft, customer, key):
            self.records.write(key, draft.end, state="sent", appointment=joinable.id, online=False)
            locks.check()
            joined = self.seats.take(draft, joinable, customer)
        self.records.write(key, draft.end, state="made", appointment=joinable.id, failures=0)
        return replace(joined, seat=customer.id)

    def _create(
        self, draft: AppointmentDraft, staff_ids: list[str], customer: SeatCustomer, key: str, locks: SendingLocks
    ) -> Appointment:
        is_mail_off = not self.mails_customers()
        body = new_appointment(
            draft.service, staff_ids, draft.start, draft.request, customer.id, is_mail_off=is_mail_off
        )
        online = bool(body["isLocationOnline"])
        with self._unsent(draft, customer, key):
            sent = self.records.write(key, draft.end, state="sent", appointment="", online=online)
            self._hold(draft, key, staff_ids)
            locks.check()  # with the time held: whoever takes the lock from here on sees it
            posted = self._post(draft, body, sent)
        created = self._completed(draft, posted, customer)
        self.records.write(key, draft.end, state="made", appointment=created.id, failures=0)
        self._hold(draft, key, staff_ids, created.id)
        return replace(created, seat=customer.id)

    def _completed(self, draft: AppointmentDraft, created: Appointment, customer: SeatCustomer) -> Appointment:
        """Return a new appointment with its customer. Bookings leaves one out whose id it does not know yet."""
        if not draft.is_shared or customer.id in created.customer_ids:
            return created
        try:
            return self.seats.take(draft, created, customer)
        except OutcomeUnknown:
            raise
        except RequestRejected:
            with translate_graph_errors(WRITING):
                self.bookings.delete(draft.business.id, created.id)
            raise

    def _post(self, draft: AppointmentDraft, body: dict[str, Any], sent: AppointmentRecord) -> Appointment:
        try:
            return self.bookings.create(draft.business.id, body)
        except GraphError as error:
            if not is_outcome_open(error):
                raise rejection_of(error, WRITING) from None
            return self._read_back(draft, error, sent)

    def _read_back(self, draft: AppointmentDraft, error: GraphError, sent: AppointmentRecord) -> Appointment:
        """Return the appointment if it was created despite the error. One call never sends it twice."""
        for seconds in READ_BACK_DELAYS:
            self.sleep(seconds)
            try:
                appointment = self.existing.listed(draft, sent)
            except (RequestRejected, ServiceUnavailable):
                continue
            if appointment is not None:
                telemetry.count("bookings", end="read-back")
                return appointment
        telemetry.count("bookings", end="perhaps")
        raise OutcomeUnknown(error, WAIT_UNKNOWN)

    def _hold(self, draft: AppointmentDraft, key: str, staff_ids: list[str], appointment: str = "") -> None:
        first, last = draft.block
        held = HeldTime(key, appointment, draft.service.id, draft.start, first, last, json.dumps(staff_ids), draft.hash)
        self.staff_times.held.hold(draft.business.id, held)

    @contextmanager
    def _unsent(self, draft: AppointmentDraft, customer: SeatCustomer, key: str) -> Iterator[None]:
        """Undo everything when the call could not be sent: no place was free, or there was no token."""
        try:
            yield
        except (ServiceUnavailable, ConfigurationError):
            self._take_back(draft, customer, key)
            raise

    def _take_back(self, draft: AppointmentDraft, customer: SeatCustomer, key: str) -> None:
        """Undo what a refused request did before it was refused."""
        self.customers.take_back(draft, customer)
        self.staff_times.held.release(draft.business.id, key)
        record = self.records.find(key)
        if record is not None and record.state == "sent" and not record.failures:
            self.records.forget(key)
