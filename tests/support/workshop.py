"""A business of Microsoft Bookings for the tests on the running stack."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.relay import Relay

ADDRESS = "workshop@contoso.com"
BUSINESS = {
    "address": ADDRESS, "displayName": "Workshop & Co", "timeZone": "UTC",
    "services": [{"id": "repair", "displayName": "Repair", "postBuffer": "PT15M"},
                 {"id": "course", "displayName": "Course / first aid", "maximumAttendeesCount": 5}],
    "staff": [{"id": f"staff{number}", "displayName": f"Staff {number}"} for number in range(60)],
    "customers": [{"displayName": "Kari", "emailAddress": "kari@contoso.com"}],
}  # fmt: skip


def at(hour: float) -> str:
    """Return an hour of a future working day."""
    day = datetime.now(UTC) + timedelta(days=3)
    day += timedelta(days=-day.weekday() % 7 if day.weekday() > 4 else 0)
    return f"{day.replace(hour=0, minute=0, second=0) + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"


def appointment_at(hour: float, **changes: Any) -> dict[str, Any]:
    """Return an appointment of a new customer."""
    email = f"customer-{uuid.uuid4().hex[:8]}@contoso.com"
    return {"service": "Repair", "start": at(hour), "customer": {"name": "Ola", "email": email}, **changes}


def booked_ids(relay: Relay, body: dict[str, Any]) -> list[str]:
    """Return the ids of the appointments that a customer has in Bookings."""
    appointments = relay.tenant.control("GET", f"/bookings/{ADDRESS}")["appointments"]
    email = body["customer"]["email"]
    return [
        appointment["id"] for appointment in appointments
        if any(customer["emailAddress"] == email for customer in appointment["customers"])
    ]  # fmt: skip
