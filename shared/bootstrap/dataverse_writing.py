"""The parts that write bookings for the feature dataverse, each built at its first use (shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.dataverse_reading import DataverseReadingParts

if TYPE_CHECKING:
    from shared.dataverse.decision import NewStatus
    from shared.dataverse.flow.brake_check import BrakeCheck
    from shared.dataverse.operation.sweep import NameSweep
    from shared.dataverse.reading.status_ids import WrittenStatuses
    from shared.dataverse.writes.bookings import BookingWriter
    from shared.dataverse.writes.waiting import WriteWaiting
    from shared.storage.pairs.write_waits import WriteWaits


class DataverseWritingParts(DataverseReadingParts):
    """What writes bookings, and what decides whether and when."""

    @cached_property
    def write_waits(self) -> WriteWaits:
        """The rows of waits."""
        from shared.storage.pairs.write_waits import WriteWaits

        return WriteWaits(lambda: self.pairs_table)

    @cached_property
    def write_waiting(self) -> WriteWaiting:
        """Says whether a booking may be written now."""
        from shared.dataverse.writes.waiting import WriteWaiting

        return WriteWaiting(self.write_waits, self.pairs, self.booking_rows, self.pair_queue, self.now)

    @cached_property
    def written_statuses(self) -> WrittenStatuses:
        """The statuses that bookings are given."""
        from shared.dataverse.reading.status_ids import WrittenStatuses

        def given(status: NewStatus) -> str:
            return str(getattr(self.settings, f"dataverse_{status}_status"))

        return WrittenStatuses(self.dynamics_reads, given, self.now)

    @cached_property
    def name_sweep(self) -> NameSweep:
        """Writes the names of bookings anew."""
        from shared.dataverse.operation.sweep import NameSweep

        return NameSweep(self.bookable_resources, self.pairs, self.pair_queue, self.now)

    @cached_property
    def booking_writer(self) -> BookingWriter:
        """Writes bookings."""
        from shared.dataverse.writes.bookings import BookingOwners, BookingWriter
        from shared.dynamics.booking_writes import BookingWrites

        owners = BookingOwners(self.resource_states, self.dynamics_reads, lambda: self.settings.dataverse_owner)
        writes = BookingWrites(self.dynamics, self.booking_rows)
        return BookingWriter(writes, self.booking_reader, self.resource_states, self.written_statuses, owners)

    @cached_property
    def brake_check(self) -> BrakeCheck:
        """Counts removals and creations."""
        from shared.dataverse.flow.brake_check import BrakeCheck
        from shared.dataverse.flow.removals import RemovalReader
        from shared.dataverse.writes.event_removals import EventRemovals

        removals = RemovalReader(self.booking_rows, self.booking_reader)
        of_events = EventRemovals(self.marked_events, self.event_reader, self.resource_states)
        return BrakeCheck(self.brakes, self.pairs, removals, of_events, self.now)
