"""Cancel an appointment in Microsoft Bookings, or one customer's seat in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared import problems, telemetry
from shared.bookings.business_lock import BusinessLock, check_held
from shared.bookings.graph_body import as_text, without_mail
from shared.bookings.graph_errors import CANCELLING, WRITING, is_missing, is_outage, is_outcome_open, rejection_of
from shared.bookings.rejections import (
    AppointmentShared,
    BookingsFailing,
    CustomerMailOff,
    NoSuchAppointment,
    OutcomeUnknown,
)
from shared.bookings.seats import NOT_ALL
from shared.errors import GraphError, GraphUnavailable, RequestRejected
from shared.graph.bookings.ids import Seat

if TYPE_CHECKING:
    from shared.bookings.appointments import Appointments, CurrentAppointment, CurrentAppointments
    from shared.bookings.deliveries.own_changes import OwnChanges
    from shared.bookings.held_times import HeldTimes
    from shared.bookings.records import AppointmentRecords
    from shared.bookings.seats import Seats
    from shared.graph.bookings.client import BookingsClient


@dataclass(frozen=True)
class AppointmentCanceller:
    """Cancels appointments. Methods raise RequestRejected, ConfigurationError or ServiceUnavailable."""

    bookings: BookingsClient
    appointments: Appointments
    current: CurrentAppointments
    lock: BusinessLock
    seats: Seats
    held: HeldTimes
    records: AppointmentRecords
    mails_customers: Callable[[], bool]
    own: OwnChanges

    def cancel(self, address: str, seat: Seat, message: str | None, caller: str = "", *, for_all: bool) -> None:
        """Cancel with a message for the customers and the staff; without one (None), delete.

        Of an appointment with other customers, only the seat of one is given back, unless it is cancelled `for_all`.
        What the relay cancelled before is a no-op.
        """
        if message and not self.mails_customers():
            raise CustomerMailOff
        try:
            if self._cancel(address, seat, message, for_all=for_all):
                self.own.cancelled(address, seat.appointment, caller)
        except NoSuchAppointment:  # perhaps since a moment: another call may have cancelled it meanwhile
            self.appointments.require_record(address, seat)

    def _cancel(self, address: str, seat: Seat, message: str | None, *, for_all: bool) -> bool:
        """Cancel; return whether the whole appointment is gone, and not a seat only."""
        current = self.current.read(address, seat)
        self.current.check_lead(current)
        if self.records.is_failing(self.records.find(self.records.key_of(address, seat))):
            raise BookingsFailing("Nothing was cancelled")
        with self._locked(current, seat) as locked:
            is_whole = self._end(locked, seat, message, for_all=for_all)
        telemetry.count("bookings", end="cancelled")
        return is_whole

    @contextmanager
    def _locked(self, current: CurrentAppointment, seat: Seat) -> Iterator[CurrentAppointment]:
        """Hold the turn of the business while the customers of an appointment for several are changed.

        Yields the appointment as it is then.
        """
        if not current.is_shared:
            yield current
            return
        with self.lock.hold(current.business.id) as lock:
            locked = self.current.read_again(current, seat)
            check_held(lock, "Nothing was cancelled.")
            yield locked

    def _end(self, current: CurrentAppointment, seat: Seat, message: str | None, *, for_all: bool) -> bool:
        address, appointment = current.business.id, current.appointment
        if seat.customer and not for_all and seat.customer not in appointment.customer_ids:
            raise RequestRejected(problems.APPOINTMENT_CONFLICT, NOT_ALL)  # the only seat may be another customer's
        has_others = max(appointment.count, len(appointment.raw_customers)) > 1
        if has_others and not for_all:
            if not seat.customer:
                raise AppointmentShared
            self._give_back(current, seat)
            self._remember(current, seat)
            return False
        self._remove(current, seat, message)
        self._remember(current, seat)
        self._remember(current, Seat(seat.appointment))
        self.held.release_appointment(address, seat.appointment)
        return True

    def _give_back(self, current: CurrentAppointment, seat: Seat) -> None:
        """Give back a seat, and count a call without an outcome: after some of them the answer is definite."""
        address, appointment = current.business.id, current.appointment
        try:
            self.seats.give_back(address, appointment, seat.customer)
        except OutcomeUnknown as unknown:
            error = unknown.error
            if not is_outage(error):
                self.records.count_failure(self.records.key_of(address, seat), appointment.end)
            open_error = GraphUnavailable(error.status, error.code, error.request_id, error.retry_after)
            raise rejection_of(open_error, WRITING) from None

    def _remove(self, current: CurrentAppointment, seat: Seat, message: str | None) -> None:
        address, mails = current.business.id, self.mails_customers()
        try:
            if not mails and not current.appointment.is_mail_off:
                self.bookings.change(address, seat.appointment, without_mail())
            if message is None or not mails:
                self.bookings.delete(address, seat.appointment)
            else:
                self.bookings.cancel(address, seat.appointment, as_text(message))
        except GraphError as error:
            if is_missing(error):
                return
            if not is_outcome_open(error):
                raise rejection_of(error, WRITING if message is None else CANCELLING) from None
            if self._may_exist(address, seat.appointment):
                if not is_outage(error):
                    self.records.count_failure(self.records.key_of(address, seat), current.appointment.end)
                raise rejection_of(error, WRITING) from None

    def _may_exist(self, address: str, appointment_id: str) -> bool:
        """Return whether an appointment may still exist after a deletion without an answer."""
        try:
            self.bookings.appointment(address, appointment_id)
        except GraphError as error:
            return not is_missing(error)
        return True

    def _remember(self, current: CurrentAppointment, seat: Seat) -> None:
        key = self.records.key_of(current.business.id, seat)
        self.records.write(key, current.appointment.end, state="cancelled", failures=0)
