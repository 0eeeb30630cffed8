"""A call about free slots that fails because Graph does not return the schedules of its mailboxes. Pure."""

from __future__ import annotations

from shared import problems
from shared.busy_times.unavailable import Unavailable, unavailable_of
from shared.errors import RequestRejected

__all__ = ["SchedulesUnavailable", "Unavailable", "unavailable_of"]
RETRY_SECONDS = 30.0


class SchedulesUnavailable(RequestRejected):
    """Graph returns no schedule for some mailboxes of a call: 503 if that passes by itself for all of them, or 422."""

    def __init__(self, unavailable: list[Unavailable]) -> None:
        passing = all(each.problem is problems.GRAPH_UNAVAILABLE for each in unavailable)
        problem = problems.GRAPH_UNAVAILABLE if passing else problems.SCHEDULE_UNAVAILABLE
        super().__init__(problem, " ".join(each.text for each in unavailable), RETRY_SECONDS if passing else None)
        self.unavailable = unavailable
