"""An example of each body, response and delivery, by the name of its schema. The tests hold each against its schema."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples import (
    administration,
    bookings,
    calendars,
    deliveries,
    rooms,
    scheduling,
    status,
    subscriptions,
)

EXAMPLES: dict[str, Any] = {
    name: example
    for topic in (administration, bookings, calendars, deliveries, rooms, scheduling, status, subscriptions)
    for name, example in topic.EXAMPLES.items()
}
