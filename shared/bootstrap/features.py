"""A class of parts for each feature, each part built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.bookings import BookingsParts
from shared.bootstrap.graph import GraphParts
from shared.bootstrap.scheduling import SchedulingParts

if TYPE_CHECKING:
    from shared.calendars.service import CalendarService
    from shared.graph.calendars import Calendars


class CalendarParts(GraphParts):
    """The service of the feature calendars and its client."""

    @cached_property
    def calendars(self) -> Calendars:
        """Reads and writes calendars at Graph."""
        from shared.graph.calendars import Calendars

        return Calendars(self.graph)

    @cached_property
    def calendar_service(self) -> CalendarService:
        """Reads and writes calendars for callers."""
        from shared.calendars.service import CalendarService

        return CalendarService(
            self.settings, self.permission, self.calendars, self.mailbox_limits, self.identifiers
        )  # fmt: skip


class FeatureParts(CalendarParts, SchedulingParts, BookingsParts):
    """The parts of all features."""
