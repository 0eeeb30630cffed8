"""The parts of the feature bookings, each built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.graph import GraphParts

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.data.tables import TableClient

    from shared.bookings.appointments import Appointments, CurrentAppointments
    from shared.bookings.business_lock import BusinessLock
    from shared.bookings.cancel import AppointmentCanceller
    from shared.bookings.change import AppointmentChanger
    from shared.bookings.create import AppointmentCreator
    from shared.bookings.deliveries.own_changes import OwnChanges
    from shared.bookings.existing import ExistingAppointments
    from shared.bookings.held_times import HeldTimes
    from shared.bookings.lookup import BusinessLookup
    from shared.bookings.read import BookingsReader
    from shared.bookings.records import AppointmentRecords
    from shared.bookings.seats import Seats
    from shared.bookings.sending import AppointmentSender
    from shared.bookings.staff_times import StaffTimes
    from shared.graph.bookings.client import BookingsClient
    from shared.storage.followed.appointments import FollowedAppointments, FollowedBusinesses


class BookingsParts(GraphParts):
    """The services of the feature bookings and their collaborators."""

    @cached_property
    def bookings_client(self) -> BookingsClient:
        """Microsoft Bookings at Graph."""
        from shared.graph.bookings.client import BookingsClient

        return BookingsClient(self.graph, self.mailbox_limits.of)

    @cached_property
    def business_lock(self) -> BusinessLock:
        """Lets one caller at a time allocate staff of a business."""
        from shared.bookings.business_lock import BusinessLock

        return BusinessLock(self.leases, self.now, self.sleep)

    @cached_property
    def business_lookup(self) -> BusinessLookup:
        """Finds businesses on the allow-list."""
        from shared.bookings.lookup import BusinessLookup

        return BusinessLookup(self.bookings_client, self.permission)

    @cached_property
    def appointment_records(self) -> AppointmentRecords:
        """What the relay remembers of appointments."""
        from shared.bookings.records import AppointmentRecords

        return AppointmentRecords(lambda: self.attempts_table, self.now, self.identifiers)

    @cached_property
    def held_times(self) -> HeldTimes:
        """The times of staff that the relay has just given away."""
        from shared.bookings.held_times import HeldTimes

        return HeldTimes(lambda: self.attempts_table, self.now)

    @cached_property
    def staff_times(self) -> StaffTimes:
        """When staff is engaged."""
        from shared.bookings.staff_times import StaffTimes

        return StaffTimes(self.bookings_client, self.held_times)

    @cached_property
    def appointments(self) -> Appointments:
        """Reads appointments by the ids of callers."""
        from shared.bookings.appointments import Appointments

        return Appointments(self.bookings_client, self.appointment_records)

    @cached_property
    def current_appointments(self) -> CurrentAppointments:
        """Reads appointments before a change."""
        from shared.bookings.appointments import CurrentAppointments

        return CurrentAppointments(self.bookings_client, self.appointments, self.now)

    @cached_property
    def existing_appointments(self) -> ExistingAppointments:
        """Finds the appointment that a request asks for."""
        from shared.bookings.existing import ExistingAppointments

        return ExistingAppointments(self.bookings_client, self.held_times, self.appointment_records)

    @cached_property
    def seats(self) -> Seats:
        """Changes the customers of appointments for several."""
        from shared.bookings.seats import Seats

        return Seats(self.bookings_client, self.mails_customers)

    @cached_property
    def bookings_reader(self) -> BookingsReader:
        """Reads services, staff, customers and appointments of a business."""
        from shared.bookings.read import BookingsReader

        return BookingsReader(self.bookings_client, self.business_lookup, self.appointments, self.staff_times)

    @cached_property
    def appointment_sender(self) -> AppointmentSender:
        """Gives requests their staff and sends them to Bookings."""
        from shared.bookings.seats import Customers
        from shared.bookings.sending import AppointmentSender

        return AppointmentSender(
            self.bookings_client, self.existing_appointments, self.business_lock, self.staff_times,
            self.appointment_records, Customers(self.bookings_client), self.seats, self.sleep,
            self.mails_customers,
        )  # fmt: skip

    @cached_property
    def appointment_creator(self) -> AppointmentCreator:
        """Creates appointments."""
        from shared.bookings.create import AppointmentCreator

        return AppointmentCreator(
            self.bookings_client, self.business_lookup, self.existing_appointments, self.appointment_sender,
            self.appointment_records, self.leases, self.own_changes, self.now,
        )  # fmt: skip

    @cached_property
    def appointment_canceller(self) -> AppointmentCanceller:
        """Cancels appointments."""
        from shared.bookings.cancel import AppointmentCanceller

        return AppointmentCanceller(
            self.bookings_client, self.appointments, self.current_appointments, self.business_lock,
            self.seats, self.held_times, self.appointment_records, self.mails_customers, self.own_changes,
        )  # fmt: skip

    @cached_property
    def appointment_changer(self) -> AppointmentChanger:
        """Changes and cancels appointments."""
        from shared.bookings.change import AppointmentChanger, AppointmentUpdate, MovedCustomers

        update = AppointmentUpdate(
            self.bookings_client, self.held_times, self.appointment_records, self.mails_customers, self.own_changes,
            MovedCustomers(self.existing_appointments, self.leases, self.now),
        )  # fmt: skip
        return AppointmentChanger(
            self.bookings_client, self.business_lookup, self.appointments, self.current_appointments,
            self.appointment_canceller, self.business_lock, self.staff_times, update, self.now,
        )  # fmt: skip

    @cached_property
    def appointments_table(self) -> Callable[[], TableClient]:
        """Opens the table of followed appointments, which exists from its first use on."""
        return cache(lambda: self.storage.table("appointments"))

    @cached_property
    def followed_appointments(self) -> FollowedAppointments:
        """The rows of followed appointments."""
        from shared.storage.followed.appointments import FollowedAppointments

        return FollowedAppointments(self.appointments_table)

    @cached_property
    def followed_businesses(self) -> FollowedBusinesses:
        """The rows of followed businesses."""
        from shared.storage.followed.appointments import FollowedBusinesses

        return FollowedBusinesses(self.appointments_table)

    @cached_property
    def own_changes(self) -> OwnChanges:
        """Notes what callers with a key did."""
        from shared.bookings.deliveries.own_changes import OwnChanges

        return OwnChanges(self.settings, self.followed_appointments, self.now)

    def mails_customers(self) -> bool:
        """Return whether Bookings may send mail to the customers of appointments."""
        return bool(self.settings.customer_invitations)
