"""Read an appointment by the id that callers have, and tell "not there" from "not shown yet"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import problems
from shared.bookings.business_rules import effective_policy, lead_time_violation
from shared.bookings.graph_errors import READING, is_missing, rejection_of, translate_graph_errors
from shared.bookings.rejections import AppointmentUnseen, NoSuchAppointment
from shared.bookings.staff_times import longest_buffer
from shared.errors import GraphError, RequestRejected
from shared.graph.bookings.ids import Seat, seat_of
from shared.http.path_segments import STRAY_PATH

if TYPE_CHECKING:
    from shared.bookings.records import AppointmentRecords
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment, Business, Service


@dataclass(frozen=True)
class Appointments:
    """Reads appointments of an allowed business. Methods raise RequestRejected."""

    bookings: BookingsClient
    records: AppointmentRecords

    def seat(self, appointment_id: str) -> Seat:
        """Return what a caller's id means."""
        try:
            return seat_of(appointment_id)
        except ValueError:
            raise NoSuchAppointment from None

    def read(self, address: str, seat: Seat) -> Appointment:
        """Return an appointment. A customer's seat that was given back does not exist any more."""
        try:
            found = self.bookings.appointment(address, seat.appointment)
        except GraphError as error:
            if error.code == STRAY_PATH:  # it is no id, and Graph was not asked
                raise NoSuchAppointment from None
            if not is_missing(error):
                raise rejection_of(error, READING) from None
            self._require_shown(address, seat)
            raise NoSuchAppointment from None
        if self._is_given_back(address, seat, found):
            raise NoSuchAppointment
        return replace(found, seat=seat.customer)

    def require_record(self, address: str, seat: Seat) -> None:
        """Raise NoSuchAppointment unless the relay has had to do with this appointment, which is gone now."""
        if self.records.find(self.records.key_of(address, seat)) is None:
            raise NoSuchAppointment

    def _is_given_back(self, address: str, seat: Seat, appointment: Appointment) -> bool:
        """Return whether a seat is not in an appointment any more. Bookings may not tell its customers at all."""
        if not seat.customer or seat.customer in appointment.customer_ids:
            return False
        record = None if appointment.customer_ids else self.records.find(self.records.key_of(address, seat))
        return bool(appointment.customer_ids) or (record is not None and record.state == "cancelled")

    def _require_shown(self, address: str, seat: Seat) -> None:
        """Raise AppointmentUnseen for an appointment that was made so recently that it may not be shown yet."""
        for each in (seat, Seat(seat.appointment)):
            if self.records.may_be_unseen(self.records.find(self.records.key_of(address, each))):
                raise AppointmentUnseen


@dataclass(frozen=True, slots=True)
class CurrentAppointment:
    """An appointment with its business and its service. `longest_buffer`: of any service of the business."""

    business: Business
    service: Service
    appointment: Appointment
    longest_buffer: timedelta

    @property
    def is_shared(self) -> bool:
        """Whether it has, or may get, several customers."""
        return max(self.service.most_customers, self.appointment.capacity, self.appointment.count) > 1


@dataclass(frozen=True)
class CurrentAppointments:
    """Reads them. Methods raise RequestRejected."""

    bookings: BookingsClient
    appointments: Appointments
    now: Callable[[], datetime]

    def read(self, address: str, seat: Seat) -> CurrentAppointment:
        """Return an appointment of an allowed business."""
        appointment = self.appointments.read(address, seat)
        with translate_graph_errors(READING):
            details, services = self.bookings.business(address), self.bookings.services(address)
        for service in services:
            if service.id == appointment.service_id:
                return CurrentAppointment(details, service, appointment, longest_buffer(services))
        text = "The service of this appointment was deleted: change the appointment in Bookings."
        raise RequestRejected(problems.SERVICE_DELETED, text)

    def read_again(self, current: CurrentAppointment, seat: Seat) -> CurrentAppointment:
        """Return an appointment as it is now: it may have changed while the caller waited for its lock."""
        appointment = self.appointments.read(current.business.id, seat)
        if appointment.service_id != current.service.id:
            return self.read(current.business.id, seat)
        return replace(current, appointment=appointment)

    def check_lead(self, current: CurrentAppointment) -> None:
        """Raise RequestRejected 422 when it is too late to change or cancel an appointment."""
        policy = effective_policy(current.service.policy, current.business.policy)
        if late := lead_time_violation(policy, current.appointment.start, self.now()):
            raise RequestRejected(problems.TOO_LATE, late)
