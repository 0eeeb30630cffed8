"""An occurrence cannot be moved to or past the day of its neighbours.

Outlook: Change a recurring meeting; Exchange: ErrorOccurrenceCrossingBoundary.
"""

from datetime import timedelta

from sandbox.tenant.graph.calendar import Calendar
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.event import Event

CODE = "ErrorOccurrenceCrossingBoundary"
NEAR = timedelta(days=366)


def check_neighbours(calendar: Calendar, event: Event) -> None:
    """Raise GraphError (400) if a changed occurrence lies on the day of another one of its series, or past it."""
    if event.master is None or event.original_start is None:
        return
    original = event.original_start.utc
    own = event.start.in_zone(event.original_start.zone).local.date()
    for other in calendar.instances(event.master, original - NEAR, original + NEAR):
        if other.original_start is None or other.original_start == event.original_start:
            continue
        day = other.start.in_zone(event.original_start.zone).local.date()
        if (other.original_start.utc < original and day >= own) or (other.original_start.utc > original and day <= own):
            raise bad_request("Modified occurrence is crossing or overlapping adjacent occurrence.", CODE)
