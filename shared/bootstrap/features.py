"""The parts that only features need, built like all others at their first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.bookings import BookingsParts

if TYPE_CHECKING:
    from shared.graph.booked_events import Appointments
    from shared.graph.calendars import Calendars
    from shared.graph.schedules import Schedules
    from shared.threads import MailboxLimits


class FeatureParts(BookingsParts):
    """Parts of features."""

    @cached_property
    def mailbox_limits(self) -> MailboxLimits:
        """How many calls are under way at each mailbox."""
        from shared.threads import MailboxLimits

        return MailboxLimits()

    @cached_property
    def calendars(self) -> Calendars:
        """Reads and writes calendars."""
        from shared.graph.calendars import Calendars

        return Calendars(self.graph)

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
