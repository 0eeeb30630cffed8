"""The parts that only features need, built like all others at their first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.graph import GraphParts

if TYPE_CHECKING:
    from shared.calendars.service import CalendarService
    from shared.graph.booked_events import Appointments
    from shared.graph.bookings.client import Bookings
    from shared.graph.calendars import Calendars
    from shared.graph.schedules import Schedules
    from shared.policy.allow_list import AllowList
    from shared.storage.leases import Leases
    from shared.threads import MailboxLimits


class FeatureParts(GraphParts):
    """Parts of features."""

    if TYPE_CHECKING:  # built by App

        @property
        def allow_list(self) -> AllowList:
            """Which mailboxes the customer allows."""

    @cached_property
    def mailbox_limits(self) -> MailboxLimits:
        """How many calls are under way at each mailbox."""
        from shared.threads import MailboxLimits

        return MailboxLimits()

    @cached_property
    def calendars(self) -> Calendars:
        """Reads and writes calendars."""
        from shared.graph.calendars import Calendars

        return Calendars(lambda: self.graph)

    @cached_property
    def calendar_service(self) -> CalendarService:
        """Reads and writes calendars for callers."""
        from shared.calendars.service import CalendarService

        return CalendarService(self.settings, lambda: self.allow_list, self.calendars)

    @cached_property
    def schedules(self) -> Schedules:
        """Asks when mailboxes are busy."""
        from shared.graph.schedules import Schedules

        return Schedules(self.graph)

    @cached_property
    def appointments(self) -> Appointments:
        """Writes the events of bookings."""
        from shared.graph.booked_events import Appointments

        return Appointments(self.graph)

    @cached_property
    def bookings(self) -> Bookings:
        """Microsoft Bookings."""
        from shared.graph.bookings.client import Bookings

        return Bookings(self.graph, self.mailbox_limits.of)

    @cached_property
    def attempts(self) -> Leases:
        """Appointments that are being made."""
        from shared.storage.leases import Leases

        return Leases(cache(lambda: self.storage.table("attempts")))
