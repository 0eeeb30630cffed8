"""How the end-to-end tests query slots and create bookings: separate agents, in the following week."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.support.relay import Relay

HOURS = {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "08:00:00",
         "endTime": "16:00:00", "timeZone": {"name": "UTC"}}  # fmt: skip


def agent(relay: Relay) -> str:
    """Add an agent with working hours from 8 to 16."""
    address = relay.mailbox(name="agent")
    relay.tenant.control("PUT", f"/calendars/{address}/workingHours", HOURS)
    return address


def at(hour: float, days: int = 0) -> str:
    """Return an hour of a future Monday, in UTC, or of a day after it."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = today + timedelta(days=7 - today.weekday() + days)
    return f"{day + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"


def booking_body(hour: float = 10, **changes: Any) -> dict[str, Any]:
    """Return the body that books half an hour."""
    return {"start": at(hour), "duration": 30, "title": "A talk", "customer": {"name": "Ola"}, **changes}


def book(relay: Relay, address: str, *arguments: Any, key: str = "", **changes: Any) -> Any:
    """Book, and return the response."""
    headers = {"idempotency-key": key} if key else {}
    return relay.api.call(
        "POST", f"/schedules/{address}/bookings", json=booking_body(*arguments, **changes), headers=headers
    )


def queried_slots(relay: Relay, address: str, **fields: Any) -> list[dict[str, Any]]:
    """Return the Monday's free half hours as `free_slots` does: the same body is sent to each page."""
    body = {"from": at(0), "to": at(24), "duration": 30, "pageSize": 7, **fields}
    path, slots = f"/schedules/{address}/slots/query", list[dict[str, Any]]()
    while path:
        response = relay.api.call("POST", path, json=body)
        assert response.status_code == 200, response.text
        slots += response.json()["value"]
        former, path = path, (response.json()["nextLink"] or "").partition("/api")[2]
        assert path != former, "the same page again"
    return slots


def calendar_of(relay: Relay, address: str) -> list[dict[str, Any]]:
    """Return the week's events in the calendar."""
    return relay.tenant.calendar(address, at(0), at(0, 7))


def free_slots(relay: Relay, address: str, **query: str) -> list[dict[str, Any]]:
    """Return the Monday's free half hours, page by page."""
    params: dict[str, str] = {"from": at(0), "to": at(24), "duration": "30", "pageSize": "7", **query}
    url, slots = f"/schedules/{address}/slots", list[dict[str, Any]]()
    while True:
        response = relay.api.call("GET", url, params=params)
        assert response.status_code == 200, response.text
        slots += response.json()["value"]
        if not (more := response.json()["nextLink"]):
            return slots
        parts = urlsplit(more)
        url, params = f"{parts.path.partition('/api')[2]}?{parts.query}", {}
