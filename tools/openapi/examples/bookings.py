"""Examples of the feature bookings."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.values import END, SHOP, START

_SERVICE, _STAFF = "57da6774-a087-4d69-b0e6-6fb82c339976", "8ee1c803-a1fa-406d-8259-7ab53233f148"
_BUSINESS: dict[str, Any] = {"id": SHOP, "name": "Repair shop"}
_MEMBER: dict[str, Any] = {"id": _STAFF, "name": "Kari Nordmann"}
_APPOINTMENT: dict[str, Any] = {
    "id": "AAMkADKnAAA",
    "title": "Repair",
    "start": START,
    "end": END,
    "serviceId": _SERVICE,
    "staffIds": [_STAFF],
}
_HOURS = {"day": "monday", "from": "08:00", "to": "16:00"}
_RULES: dict[str, Any] = {"minimumLeadMinutes": 60, "maximumAdvanceMinutes": 525600}
_SERVICE_RULES: dict[str, Any] = {
    "minutes": 60,
    "preBufferMinutes": 0,
    "postBufferMinutes": 10,
    "staffIds": [_STAFF],
    "maximumCustomers": 1,
}
_BOOKED = _APPOINTMENT | {"joinUrl": None, "joinUrlMissing": "not_online"}

EXAMPLES: dict[str, Any] = {
    "BookingBusinesses": {"value": [_BUSINESS]},
    "BookingOpening": _BUSINESS | {"timeZone": "Europe/Oslo", "hours": [_HOURS], "staffSelection": True} | _RULES,
    "BookingServices": {"value": [{"id": _SERVICE, "name": "Repair"} | _SERVICE_RULES | _RULES]},
    "BookingStaffList": {"value": [_MEMBER]},
    "CustomerSearch": {"search": "Nordmann"},
    "BookingCustomers": {
        "value": [{"id": "829e3cb5-3d4d-4319-a8de-1953aedaa166", "name": "Ola Nordmann", "email": "ola@fabrikam.com"}],
        "isComplete": True,
    },
    "StaffAvailabilityRequest": {"from": START, "to": "2026-11-20T15:00:00Z", "staff": [_STAFF]},
    "StaffAvailabilities": {
        "value": [_MEMBER | {"spans": [{"status": "available", "start": START, "end": "2026-11-20T15:00:00Z"}]}],
    },
    "BookingAppointments": {"value": [_APPOINTMENT], "nextAfter": None, "nextLink": None},
    "BookingAppointment": _APPOINTMENT,
    "AppointmentAsked": {
        "service": "Repair",
        "start": START,
        "customer": {"name": "Ola Nordmann", "email": "ola@fabrikam.com"},
    },
    "BookedAppointment": _BOOKED,
    "AppointmentChange": {"start": "2026-11-20T14:00:00Z"},
    "BookingCancellation": {"message": "The shop is closed that day."},
}
