"""The public JSON of an appointment in a delivery. Pure.

An allow-list by construction: no customer, no notes, no name of anybody or anything leaves the relay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from shared.graph.bookings.ids import route_id
from shared.utc import format_utc


def public_appointment_state(
    business: str, appointment: str, service: str, staff: Sequence[str], times: tuple[datetime, datetime], status: str
) -> dict[str, object]:
    """Return an appointment of a business by their ids, as its times and `status` (booked, cancelled) are."""
    start, end = times
    return {
        "id": route_id(appointment),
        "businessId": business,
        "serviceId": service or None,
        "staffIds": list(staff),
        "start": format_utc(start),
        "end": format_utc(end),
        "status": status,
    }


def appointment_body(kind: str, appointment: dict[str, object], moment: datetime) -> str:
    """Return the body of a delivery: `kind` is created, updated or cancelled; `moment` is when the state was read."""
    content = {
        "type": f"bookings.appointment.{kind}",
        "timestamp": format_utc(moment),
        "data": {"appointment": appointment},
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


def appointment_message_id(business: str, appointment: str, number: int, moment: datetime, state: str) -> str:
    """Return the webhook-id: the same for the same state of an appointment, at every attempt.

    `number` counts its states and `moment` is when this one was read: a state that returns has another id, also for a
    business that is followed again, or the partner would take it for a repetition.
    """
    text = "\n".join(("appointment", business, appointment, str(number), moment.isoformat(), state))
    return f"msg_{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:40]}"
