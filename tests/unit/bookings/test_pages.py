"""Pages of appointments: no caller holds a thread for longer than a list may take."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from shared.bookings.requests import PageMark
from shared.graph.bookings.client import LIST_SECONDS, BookingsClient
from tests.support.appointments_world import ADDRESS, NOON, AppointmentWorld, minutes, refusal_of


def test_a_walk_to_a_late_page_ends_after_its_time(world: AppointmentWorld) -> None:
    """A number of an earlier version counts over the pages of Graph before it, of which each takes three seconds."""
    read: list[int] = []

    def page(*_: Any, **__: Any) -> dict[str, Any]:
        read.append(3)
        return {"value": [], "@odata.nextLink": f"https://graph.microsoft.com/v1.0/x?$skip={len(read)}"}

    world.graph.call = page  # type: ignore[method-assign]
    client = BookingsClient(world.graph, lambda _: nullcontext(), clock=lambda: float(sum(read)))
    reader = replace(world.bookings_reader, bookings=client)
    window = (NOON, NOON + minutes(60))

    assert refusal_of(lambda: reader.appointments(ADDRESS, window, 10, PageMark(999_999))) == (
        503,
        "bookings_unavailable",
    )
    assert sum(read) <= LIST_SECONDS + 3
