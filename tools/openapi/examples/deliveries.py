"""Examples of the deliveries to the partner."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.values import END, EVENT, NOW, ROOM, START, WATCH

PUBLIC_EVENT: dict[str, Any] = {
    "id": EVENT,
    "seriesId": None,
    "title": "Ola Nordmann",
    "start": START,
    "end": END,
    "startDate": None,
    "endDate": None,
    "allDay": False,
    "availability": "busy",
    "cancelled": False,
}
_GONE = {"id": EVENT, "seriesId": None}


def _delivery(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    data = {"subscriptionId": WATCH, "mailbox": ROOM, "event": event}
    return {"type": f"calendar.event.{kind}", "timestamp": NOW, "data": data}


_PUBLIC_APPOINTMENT = {
    "id": "AAMkAGI1AAA=",
    "businessId": "workshop@contoso.com",
    "serviceId": "8e1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b",
    "staffIds": ["1f2e3d4c-5b6a-4978-8695-a4b3c2d1e0f9"],
    "start": START,
    "end": END,
    "status": "booked",
}

EXAMPLES: dict[str, Any] = {
    "AppointmentDelivery": {
        "type": "bookings.appointment.created",
        "timestamp": NOW,
        "data": {"appointment": _PUBLIC_APPOINTMENT},
    },
    "CancelledAppointmentDelivery": {
        "type": "bookings.appointment.cancelled",
        "timestamp": NOW,
        "data": {"appointment": {**_PUBLIC_APPOINTMENT, "status": "cancelled"}},
    },
    "EventDelivery": _delivery("created", PUBLIC_EVENT),
    "GoneEventDelivery": _delivery("deleted", _GONE),
    "PingDelivery": {"type": "calendar.relay.ping", "timestamp": NOW, "data": {}},
}
