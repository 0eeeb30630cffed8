"""A class of parts for each feature, each part built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.bookings import BookingsParts
from shared.bootstrap.graph import GraphParts
from shared.bootstrap.rooms import RoomParts
from shared.bootstrap.scheduling import SchedulingParts

if TYPE_CHECKING:
    from shared.calendars.first_calls import FirstCall
    from shared.calendars.service import CalendarService
    from shared.graph.calendars import Calendars
    from shared.storage.table import Table


class CalendarParts(GraphParts):
    """The service of the feature calendars and its client."""

    @cached_property
    def calendars(self) -> Calendars:
        """Reads and writes calendars at Graph."""
        from shared.graph.calendars import Calendars

        return Calendars(self.graph)

    @cached_property
    def first_call_rows(self) -> Table[FirstCall]:
        """The rows of Idempotency-Keys."""
        from shared.calendars.first_calls import FirstCall
        from shared.storage.table import Table

        return Table(lambda: self.watches_table, FirstCall, "first-call")

    @cached_property
    def calendar_service(self) -> CalendarService:
        """Reads and writes calendars for callers."""
        from shared.calendars.first_calls import FirstCalls
        from shared.calendars.owners import CalendarOwners
        from shared.calendars.service import CalendarService
        from shared.calendars.write import EventWriter

        return CalendarService(
            settings=self.settings,
            permission=self.permission,
            calendars=self.calendars,
            limits=self.mailbox_limits,
            owners=CalendarOwners(self.permission, self.calendars),
            writer=EventWriter(self.settings, self.calendars),
            first_calls=FirstCalls(self.first_call_rows, self.identifiers, self.now),
            identifiers=self.identifiers,
        )


class FeatureParts(CalendarParts, SchedulingParts, BookingsParts, RoomParts):
    """The parts of all features."""
