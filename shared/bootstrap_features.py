"""The parts that only features need, built like all others at their first use (see shared/bootstrap.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap_graph import GraphParts

if TYPE_CHECKING:
    from shared.graph.appointments import Appointments
    from shared.graph.calendars import Calendars
    from shared.graph.schedules import Schedules


class FeatureParts(GraphParts):
    """Parts of features."""

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
        from shared.graph.appointments import Appointments

        return Appointments(self.graph)
