"""Change and cancel appointments in Microsoft Bookings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared import problems, telemetry
from shared.api.fields import invalid
from shared.api.times import read_zone
from shared.bookings.business_lock import LEASE_TIME, RETRY_AFTER, BusinessLock, check_held
from shared.bookings.business_rules import broken_rule, is_free, spans_without
from shared.bookings.draft import CustomerTime
from shared.bookings.graph_body import times, without_mail
from shared.bookings.graph_errors import (
    READING,
    WRITING,
    is_outage,
    is_outcome_open,
    rejection_of,
    translate_graph_errors,
)
from shared.bookings.held_times import HeldTime
from shared.bookings.lookup import BusinessLookup, staff_named
from shared.bookings.rejections import AppointmentShared, BookingsFailing, RuleBroken, ServiceNotProvided, StaffNotFree
from shared.bookings.requests import AppointmentChange, parse_start
from shared.bookings.staff_times import EngagedStaff, StaffTimes, engaged_spans
from shared.errors import GraphError, RequestRejected
from shared.graph.bookings.ids import Seat
from shared.storage.leases import Held, Leases

if TYPE_CHECKING:
    from shared.bookings.appointments import Appointments, CurrentAppointment, CurrentAppointments
    from shared.bookings.cancel import AppointmentCanceller
    from shared.bookings.deliveries.own_changes import OwnChanges
    from shared.bookings.existing import ExistingAppointments
    from shared.bookings.held_times import HeldTimes
    from shared.bookings.records import AppointmentRecords
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment

IN_PROGRESS = (
    "Another call is booking a customer at that time, or did so just now. Repeat the request after Retry-After."
)


@dataclass(frozen=True)
class AppointmentChanger:
    """Changes and cancels appointments. Methods raise RequestRejected, ConfigurationError or ServiceUnavailable."""

    bookings: BookingsClient
    businesses: BusinessLookup
    appointments: Appointments
    current: CurrentAppointments
    canceller: AppointmentCanceller
    lock: BusinessLock
    staff_times: StaffTimes
    update: AppointmentUpdate
    now: Callable[[], datetime]

    def change(self, business: str, appointment_id: str, change: AppointmentChange, caller: str = "") -> Appointment:
        """Move an appointment, or assign it to other staff, and return the result, without the link of its meeting."""
        if change.start is None and change.staff is None:
            raise invalid("start or staff: give at least one of them")
        start = None if change.start is None else parse_start(change.start, read_zone(change.time_zone))
        address = self.businesses.business_id(business, "write")
        seat = self.appointments.seat(appointment_id)
        before = self.current.read(address, seat)
        staff = self._staff_ids(before, change.staff)
        with self.lock.hold(address) as lock:
            current = self.current.read_again(before, seat)
            if self._has_others(current) and not change.all_customers:
                raise AppointmentShared
            wanted = _wanted(current, start, staff)
            if _changed(current.appointment, wanted):
                engaged = self._check(current, wanted)
                self.update.send(current, wanted, engaged, lock, caller)
        telemetry.count("bookings", end="changed")
        missing = "not_told" if wanted.is_online else "not_online"
        return replace(wanted, join_url="", missing_link=missing)

    def cancel(
        self, business: str, appointment_id: str, message: str | None, caller: str = "", *, all_customers: bool = False
    ) -> None:
        """Cancel an appointment (see AppointmentCanceller.cancel)."""
        address = self.businesses.business_id(business, "write")
        seat = self.appointments.seat(appointment_id)
        self.canceller.cancel(address, seat, message, caller, for_all=all_customers)

    def _staff_ids(self, current: CurrentAppointment, names: list[str] | None) -> tuple[str, ...]:
        """Return the ids of the named staff; none without names."""
        self.current.check_lead(current)
        if names is None:
            return ()
        with translate_graph_errors(READING):
            members = self.bookings.staff(current.business.id)
        ids = tuple(dict.fromkeys(staff_named(members, name).id for name in names))
        if not all(current.service.is_provided_by(staff_id) for staff_id in ids):
            raise ServiceNotProvided
        return ids

    def _has_others(self, current: CurrentAppointment) -> bool:
        return max(current.appointment.count, len(current.appointment.raw_customers)) > 1

    def _check(self, current: CurrentAppointment, wanted: Appointment) -> EngagedStaff:
        """Return when the staff is engaged. Raises RequestRejected unless the rules allow the change and it is free."""
        self.current.check_lead(current)
        if broken := broken_rule(current.business, current.service, wanted.start, self.now()):
            raise RuleBroken(broken)
        service, old = replace(current.service, length=wanted.end - wanted.start), current.appointment
        block = (wanted.start - service.pre_buffer, wanted.end + service.post_buffer)
        engaged = self.staff_times.around(current.business, wanted.staff_ids, block, current.longest_buffer)
        others = engaged_spans(engaged.appointments, engaged.held, without=old.id)
        own = (min(old.block[0], old.start - service.pre_buffer), max(old.block[1], old.end + service.post_buffer))
        for staff_id in wanted.staff_ids:
            busy = engaged.spans.get(staff_id, [])
            if staff_id in old.staff_ids:  # busy with this appointment itself, which the others do not contain
                busy = spans_without(busy, *own)
            if not is_free([*busy, *others.get(staff_id, ())], service, wanted.start):
                raise StaffNotFree
        return engaged


@dataclass(frozen=True)
class MovedCustomers:
    """Lets no customer of an appointment that moves have two of the service at its new time."""

    existing: ExistingAppointments
    leases: Leases
    now: Callable[[], datetime]

    @contextmanager
    def booked_once(self, current: CurrentAppointment, wanted: Appointment, engaged: EngagedStaff) -> Iterator[None]:
        """Hold the leases of the new time while a move is sent, as a creation does. Raises RequestRejected.

        They are released even if its outcome is unknown: its held time lets later calls look for it.
        """
        if wanted.start == current.appointment.start:
            yield
            return
        time = CustomerTime(current.business.id, wanted.service_id, wanted.start, wanted.customers)
        with ExitStack() as held:
            for name in time.lease_names:
                held.callback(self._acquire(name).release)
            self.existing.require_none(time, engaged, wanted, is_shared=current.is_shared)
            yield

    def _acquire(self, name: str) -> Held:
        lease = self.leases.acquire(name, self.now(), LEASE_TIME)
        if not isinstance(lease, Held):
            raise RequestRejected(problems.APPOINTMENT_IN_PROGRESS, IN_PROGRESS, max(lease.wait, RETRY_AFTER))
        return lease


@dataclass(frozen=True)
class AppointmentUpdate:
    """Sends changes of appointments. Methods raise RequestRejected."""

    bookings: BookingsClient
    held: HeldTimes
    records: AppointmentRecords
    mails_customers: Callable[[], bool]
    own: OwnChanges
    moved: MovedCustomers

    def send(
        self, current: CurrentAppointment, wanted: Appointment, engaged: EngagedStaff, lock: Held, caller: str = ""
    ) -> None:
        """Send a change, once, and note that its caller has it. Bookings may carry it out and answer an error.

        `engaged`: when the staff is. `lock`: the business's, which must still be held.
        """
        with self.moved.booked_once(current, wanted, engaged):
            self._send(current, wanted, lock)
        self.own.reported(current.business.id, wanted, caller)

    def _send(self, current: CurrentAppointment, wanted: Appointment, lock: Held) -> None:
        address, whole = current.business.id, Seat(wanted.id)
        key = self.records.key_of(address, whole)
        if self.records.is_failing(self.records.find(key)):
            raise BookingsFailing("Nothing was changed")
        self.held.hold(address, HeldTime.of(key, wanted, current.service))
        try:
            check_held(lock, "Nothing was changed.")  # with the time held: whoever takes the lock from here on sees it
            self.bookings.change(address, wanted.id, self._body(current, wanted))
        except GraphError as error:
            if is_outcome_open(error) and self._is_done(address, wanted):
                return
            if is_outcome_open(error) and not is_outage(error):
                self.records.count_failure(key, wanted.end)
            if not is_outcome_open(error):
                self.held.release(address, key)
            raise rejection_of(error, WRITING) from None
        except RequestRejected:
            self.held.release(address, key)
            raise

    def _body(self, current: CurrentAppointment, wanted: Appointment) -> dict[str, Any]:
        quiet = {} if self.mails_customers() else without_mail()
        return {**quiet, "@odata.type": "#microsoft.graph.bookingAppointment", **_changed(current.appointment, wanted)}

    def _is_done(self, address: str, wanted: Appointment) -> bool:
        """Return whether Bookings shows that a change was carried out."""
        try:
            shown = self.bookings.appointment(address, wanted.id)
        except GraphError:
            return False
        return (shown.start, set(shown.staff_ids)) == (wanted.start, set(wanted.staff_ids))


def _wanted(current: CurrentAppointment, start: datetime | None, staff: tuple[str, ...]) -> Appointment:
    """Return an appointment as it is to be. Unless it moves it keeps its length, which may not be its service's."""
    old = current.appointment
    moved = (
        old if start is None or start == old.start else replace(old, start=start, end=start + current.service.length)
    )
    return replace(moved, staff_ids=staff or old.staff_ids)


def _changed(old: Appointment, new: Appointment) -> dict[str, Any]:
    """Return only the properties that change ("Update bookingAppointment")."""
    moved = times(new.start, new.end - new.start) if new.start != old.start else {}
    given = {"staffMemberIds": list(new.staff_ids)} if set(new.staff_ids) != set(old.staff_ids) else {}
    return {**moved, **given}
