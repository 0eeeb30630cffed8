"""Compare a reading of a business's calendar view with the rows: what has to be read by id. Pure.

The view is a hint: it lags, has holes and may be empty. What it shows differently, and what it lacks, is read by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING

from shared.bookings.deliveries.states import SECOND_LOOK, state_of
from shared.moments import has_passed
from shared.storage.followed.appointments import FollowedAppointment
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from shared.graph.bookings.models import Appointment

DAYS = timedelta(days=62)  # of a calendar view
LAG = timedelta(minutes=10)  # of lists, at most
MOST_READ = 100  # appointments of a business that a run reads by id
_NEVER = datetime.min.replace(tzinfo=UTC)
Row = FollowedAppointment | Unreadable


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a calendar view shows."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, now: datetime) -> Window:
        """Return the window of a reading."""
        return cls(now, now + DAYS)

    def shows(self, start: datetime | None, end: datetime | None) -> bool:
        """Return whether the view has to show an appointment with these times."""
        return start is not None and end is not None and start < self.end and end > self.start


def to_read(
    view: Mapping[str, Appointment], rows: Mapping[str, Row], window: Window, now: datetime, most: int = MOST_READ
) -> list[str]:
    """Return the ids of at most `most` appointments to read by id.

    Those that are new, the latest change first, take turns with those that changed or are missing, the one that was
    read longest ago first: so neither kind keeps the other waiting.
    """
    unknown = (each for each, shown in view.items() if each not in rows and window.shows(shown.start, shown.end))
    new = sorted(unknown, key=lambda each: _written(view[each]), reverse=True)
    known = [each for each, row in rows.items() if _is_doubtful(row, view.get(each), window, now)]
    known.sort(key=lambda each: (_read_at(rows[each]), each))
    turns = chain.from_iterable(zip_longest(new, known))
    return list(islice((each for each in turns if each is not None), most))


def is_of_baseline(appointment: Appointment, baseline_at: datetime) -> bool:
    """Return whether an appointment that no reading showed so far was as it is now when the first reading began: its
    list had a hole. Without the time of its last change nobody knows. What was written within LAG before is not: the
    partner's own list may have lacked it, too.
    """
    is_older = appointment.updated is not None and appointment.updated < baseline_at - LAG
    return is_older and Window.of(baseline_at).shows(appointment.start, appointment.end)


def _is_doubtful(row: Row, shown: Appointment | None, window: Window, now: datetime) -> bool:
    """Return whether an appointment that is known has to be read by id."""
    if isinstance(row, Unreadable):
        return True
    if row.missing_since is not None:
        return row.status == "booked" and has_passed(SECOND_LOOK, row.missing_since, now)
    if shown is not None:
        return state_of(shown).fingerprint != row.shown
    return row.status == "booked" and window.shows(row.start, row.end)


def _written(appointment: Appointment) -> datetime:
    return appointment.updated or appointment.created or _NEVER


def _read_at(row: Row) -> datetime:
    return (row.read_at if isinstance(row, FollowedAppointment) else None) or _NEVER
