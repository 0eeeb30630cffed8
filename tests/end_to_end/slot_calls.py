"""How the end-to-end tests ask for slots and bookings: agents of their own, in the week to come."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.end_to_end.world import World

HOURS = {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "08:00:00",
         "endTime": "16:00:00", "timeZone": {"name": "UTC"}}  # fmt: skip


def agent(world: World) -> str:
    """Hire somebody who works from 8 to 16."""
    address = world.mailbox(name="agent")
    world.tenant.control("PUT", f"/calendars/{address}/workingHours", HOURS)
    return address


def at(hour: float, days: int = 0) -> str:
    """Return an hour of a Monday to come, in UTC, or of a day after it."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = today + timedelta(days=7 - today.weekday() + days)
    return f"{day + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"


def booking_body(hour: float = 10, **changes: Any) -> dict[str, Any]:
    """Return the body that books half an hour."""
    return {"start": at(hour), "duration": 30, "title": "A talk", "customer": {"name": "Ola"}, **changes}


def book(world: World, address: str, *given: Any, key: str = "", **changes: Any) -> Any:
    """Book, and return the answer."""
    headers = {"idempotency-key": key} if key else {}
    body = booking_body(*given, **changes)
    return world.relay.call("POST", f"/schedules/{address}/bookings", json=body, headers=headers)


def truth(world: World, address: str) -> list[dict[str, Any]]:
    """Return the week's events as they are in the calendar."""
    return world.tenant.calendar(address, at(0), at(0, 7))


def free(world: World, address: str, **changes: str) -> list[dict[str, Any]]:
    """Return the Monday's free half hours, page by page."""
    params: dict[str, str] = {"from": at(0), "to": at(24), "duration": "30", "pageSize": "7", **changes}
    url, slots = f"/schedules/{address}/slots", list[dict[str, Any]]()
    while True:
        answer = world.relay.call("GET", url, params=params)
        assert answer.status_code == 200, answer.text
        slots += answer.json()["value"]
        if not (more := answer.json()["nextLink"]):
            return slots
        parts = urlsplit(more)
        url, params = f"{parts.path.partition('/api')[2]}?{parts.query}", {}
