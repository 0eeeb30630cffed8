"""The parts of the feature scheduling, each built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.graph import GraphParts

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.data.tables import TableClient

    from shared.graph.booked_events import BookedEvents
    from shared.scheduling.book import SlotBooker
    from shared.scheduling.booking_events import BookingEvents
    from shared.scheduling.change_booking import BookingChanger
    from shared.scheduling.cleanup import BookingCleanup
    from shared.scheduling.conflicts import SlotConflicts
    from shared.scheduling.find_slots import SlotFinder
    from shared.storage.deletion.slot_rows import SlotRows
    from shared.storage.slot_bookings import SlotBookings


class SchedulingParts(GraphParts):
    """The services of the feature scheduling and their collaborators."""

    @cached_property
    def booked_events(self) -> BookedEvents:
        """Writes the events of slot bookings."""
        from shared.graph.booked_events import BookedEvents

        return BookedEvents(self.graph)

    @cached_property
    def booking_events(self) -> BookingEvents:
        """Finds and deletes the events of slot bookings."""
        from shared.scheduling.booking_events import BookingEvents

        return BookingEvents(booked_events=self.booked_events, limits=self.mailbox_limits, now=self.now)

    @cached_property
    def slots_table(self) -> Callable[[], TableClient]:
        """Opens the table of slot bookings, which exists from its first use on."""
        return cache(lambda: self.storage.table("slots"))

    @cached_property
    def slot_bookings(self) -> SlotBookings:
        """The table of slot bookings."""
        from shared.storage.slot_bookings import SlotBookings

        return SlotBookings(self.slots_table)

    @cached_property
    def rows_of_slots(self) -> SlotRows:
        """Deletes rows of slot bookings."""
        from shared.storage.deletion.slot_rows import SlotRows

        return SlotRows(self.slots_table)

    @cached_property
    def slot_finder(self) -> SlotFinder:
        """Finds free slots."""
        from shared.scheduling.find_slots import SlotFinder

        return SlotFinder(
            permission=self.permission,
            schedules=self.schedules,
            slot_bookings=self.slot_bookings,
            limits=self.mailbox_limits,
            now=self.now,
        )

    @cached_property
    def booking_cleanup(self) -> BookingCleanup:
        """Ends slot bookings, and completes interrupted ones."""
        from shared.scheduling.cleanup import BookingCleanup

        return BookingCleanup(
            slot_bookings=self.slot_bookings,
            booking_events=self.booking_events,
            permission=self.permission,
            now=self.now,
        )

    @cached_property
    def slot_conflicts(self) -> SlotConflicts:
        """Checks a slot for conflicts."""
        from shared.scheduling.conflicts import SlotConflicts

        return SlotConflicts(
            slot_finder=self.slot_finder,
            booking_cleanup=self.booking_cleanup,
            slot_bookings=self.slot_bookings,
            booked_events=self.booked_events,
            limits=self.mailbox_limits,
        )

    @cached_property
    def slot_booker(self) -> SlotBooker:
        """Books slots."""
        from shared.scheduling.book import SlotBooker

        return SlotBooker(
            settings=self.settings,
            permission=self.permission,
            slot_bookings=self.slot_bookings,
            booking_events=self.booking_events,
            slot_conflicts=self.slot_conflicts,
            booking_cleanup=self.booking_cleanup,
            now=self.now,
            identifiers=self.identifiers,
        )

    @cached_property
    def booking_changer(self) -> BookingChanger:
        """Reads, moves and cancels slot bookings."""
        from shared.scheduling.change_booking import BookingChanger

        return BookingChanger(
            settings=self.settings,
            permission=self.permission,
            slot_bookings=self.slot_bookings,
            booking_events=self.booking_events,
            slot_conflicts=self.slot_conflicts,
            booking_cleanup=self.booking_cleanup,
            now=self.now,
        )
