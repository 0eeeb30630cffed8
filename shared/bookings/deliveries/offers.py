"""What the row of an appointment becomes as an offer to the partner. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.bookings.deliveries.states import UNKNOWN
from shared.partner.appointment_payload import (
    appointment_body,
    appointment_message_id,
    public_appointment_state,
)
from shared.ports.outbox import Offer
from shared.storage.followed.appointments import FollowedAppointment
from shared.storage.watches import watch_id_of

SOURCE = "bookings"
_NEVER = datetime.min.replace(tzinfo=UTC)


def group_of(business: str) -> str:
    """Return the group of a business: the id that a watch of its mailbox has, by which the mailbox is forgotten."""
    return watch_id_of(business)


def offer_of(row: FollowedAppointment, *, is_repeated: bool = False) -> Offer:
    """Return the delivery of the state that a row shows; the same at every attempt.

    `is_repeated`: whether something was offered before of which the row does not say what came.
    """
    moment = row.changed or _NEVER
    staff = row.staff.split("\n") if row.staff else []
    times = row.start or _NEVER, row.end or _NEVER
    public = public_appointment_state(row.business, row.appointment, row.service, staff, times, row.status)
    message_id = appointment_message_id(row.business, row.appointment, row.number, moment, row.shown)
    body = appointment_body(_kind(row), public, moment)
    may_have_letter = row.is_dead or is_repeated
    return Offer(
        SOURCE, group_of(row.business), row.appointment, message_id, body, row.attempts, moment, may_have_letter
    )  # fmt: skip


def _kind(row: FollowedAppointment) -> str:
    """Return the last word of the type. What the partner took in some state is updated."""
    if row.status == "cancelled":
        return "cancelled"
    return "updated" if row.taken not in ("", UNKNOWN) else "created"
