"""The states of an appointment, and what its row becomes after a reading, a call or a delivery. Pure.

A row is owed while the partner lacks the state that it shows, or may have another one: a delivery without an answer may
have arrived. Each new state has a number of its own, so that a state that returns has another webhook-id.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.moments import has_passed, is_impossible
from shared.storage.followed.appointments import FollowedAppointment, Status, row_id
from shared.unreadable_rows import Unreadable, fitting, moment_or_none

if TYPE_CHECKING:
    from shared.graph.bookings.models import Appointment

SECOND_LOOK = timedelta(minutes=10)  # between two answers "no such appointment", until it counts as cancelled
LONGEST_LAG = timedelta(hours=1)  # the same for one that the calendar view still shows
KEPT = timedelta(days=7)  # after its end, for an appointment whose last state the partner does not have
ENDED = timedelta(hours=1)  # after its end, for any other: a clock that is behind may still show it
_SECOND = timedelta(seconds=1)  # moments are delivered in whole seconds
UNKNOWN = "unknown"  # in place of a fingerprint: the partner may have any state


@dataclass(frozen=True, slots=True)
class State:
    """What a delivery says of an appointment. `staff` are the ids in the order of the alphabet."""

    service: str
    staff: tuple[str, ...]
    start: datetime
    end: datetime
    status: Status = "booked"

    @property
    def fingerprint(self) -> str:
        """A hash of the state: 32 hex digits. It holds ids and times only, which stand beside it."""
        times = (self.start.isoformat(), self.end.isoformat())
        text = "\n".join((self.status, self.service, *times, *self.staff))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def state_of(appointment: Appointment) -> State:
    """Return the state of an appointment that Graph returned, in whole seconds, as a delivery has it."""
    start, end = (moment.replace(microsecond=0) for moment in (appointment.start, appointment.end))
    return State(appointment.service_id, tuple(sorted(appointment.staff_ids)), start, end)


def new_row(business: str, appointment: str) -> FollowedAppointment:
    """Return the row of an appointment that is not known yet."""
    return FollowedAppointment(row_id(business, appointment), business, appointment)


def salvaged(row: Unreadable, business: str, appointment: str) -> FollowedAppointment:
    """Return what can be read of an unreadable row. The partner may have any state of the appointment."""
    start, end, changed = (moment_or_none(row.cells.get(name)) for name in ("start", "end", "changed"))
    texts = {name: row.cells[name] for name in ("service", "staff") if name in row.cells}
    known = fitting(FollowedAppointment, texts)
    return replace(new_row(business, appointment), start=start, end=end, changed=changed, taken=UNKNOWN, **known)


def is_undelivered(row: FollowedAppointment) -> bool:
    """Return whether the partner lacks the state of a row, or may have another one."""
    return row.shown != row.taken or row.tried not in ("", row.shown)


def with_state(row: FollowedAppointment, state: State, now: datetime) -> FollowedAppointment:
    """Return the row after a reading by id. A state that is new is due at once.

    The cancellation of an appointment that the partner never heard of is not delivered.
    """
    read = replace(row, missing_since=None, read_at=now)
    if row.shown == state.fingerprint:
        return read
    if state.status == "cancelled" and not (row.taken or row.tried):
        read = replace(read, taken=state.fingerprint)
    return _scheduled(_showing(read, state, now), now)


def acknowledged(row: FollowedAppointment, state: State, now: datetime) -> FollowedAppointment:
    """Return the row of a state that the partner has without a delivery: from the first reading, or from a response."""
    shown = row if row.shown == state.fingerprint else _showing(row, state, now)
    return _scheduled(replace(shown, taken=state.fingerprint, missing_since=None), now)


def cancelled(row: FollowedAppointment) -> State | None:
    """Return the state of a row's appointment once it is cancelled; None if its times are not known."""
    if row.start is None or row.end is None:
        return None
    return State(row.service, tuple(row.staff.split("\n")) if row.staff else (), row.start, row.end, "cancelled")


def without_it(row: FollowedAppointment, now: datetime, *, is_listed: bool) -> FollowedAppointment:
    """Return the row after Graph said that there is no such appointment: the second time it is cancelled.

    One such answer is no proof: Graph may answer so about an appointment that stands. While the calendar view shows it,
    Graph contradicts itself, and it takes LONGEST_LAG.
    """
    if row.missing_since is None or is_impossible(row.missing_since, now):
        return replace(row, missing_since=now, read_at=now)
    state, wait = cancelled(row), LONGEST_LAG if is_listed else SECOND_LOOK
    if state is None or not has_passed(wait, row.missing_since, now):
        return replace(row, read_at=now)
    return with_state(row, state, now)


def taken(row: FollowedAppointment, fingerprint: str, now: datetime) -> FollowedAppointment:
    """Return the row after the partner took a state. A state that was read meanwhile stays due."""
    return _scheduled(replace(row, taken=fingerprint, tried="", is_dead=False), now)


def refused(row: FollowedAppointment, fingerprint: str, due: datetime) -> FollowedAppointment:
    """Return the row after a failed attempt. A state that was read meanwhile has attempts of its own."""
    return replace(row, attempts=row.attempts + 1, due=due) if row.shown == fingerprint else row


def dead(row: FollowedAppointment, fingerprint: str) -> FollowedAppointment:
    """Return the row after the delivery of a state became a dead letter. A state that was read meanwhile stays due."""
    marked = replace(row, is_dead=True)
    return replace(marked, attempts=0, due=None) if row.shown == fingerprint else marked


def replayed(row: FollowedAppointment, now: datetime) -> FollowedAppointment:
    """Return the row when its state is to be offered again, if the partner lacks it."""
    return replace(row, attempts=0, due=now) if is_undelivered(row) else row


def is_over(row: FollowedAppointment, now: datetime) -> bool:
    """Return whether a row is of no use any more: its appointment ended longer ago than ENDED, or than KEPT if the
    partner lacks its last state or the second look at a missing one is still to come.
    """
    is_open = is_undelivered(row) or (row.missing_since is not None and row.status == "booked")
    return row.end is None or now - row.end > (KEPT if is_open else ENDED)


def _showing(row: FollowedAppointment, state: State, now: datetime) -> FollowedAppointment:
    """Return the row with another state, whose moment is later than that of the state before: the partner keeps the
    latest, and this instance's clock may be behind that of another.
    """
    moment = now if row.changed is None else max(now, row.changed + _SECOND)
    return replace(
        row, service=state.service, staff="\n".join(state.staff), start=state.start, end=state.end,
        status=state.status, shown=state.fingerprint, number=row.number + 1, changed=moment, attempts=0,
    )  # fmt: skip


def _scheduled(row: FollowedAppointment, now: datetime) -> FollowedAppointment:
    """Return a row that is due if it is owed, else with nothing left to deliver."""
    if is_undelivered(row):
        return replace(row, due=now)
    return replace(row, due=None, attempts=0)
