"""Which events are conflicts for booking and moving, and that the composition root builds every service."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.bootstrap.app import App
from shared.errors import GraphRejected
from shared.scheduling.conflicts import conflicting_events
from shared.scheduling.slot_rules import Span
from tests.support.booking_world import graph_time

SERVICES = ("slot_finder", "slot_conflicts", "slot_booker", "booking_changer", "booking_cleanup")
SLOT = Span(datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 20, 12, 30, tzinfo=UTC))
OURS = "2026-11-20T10:00:00.0000000Z"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_built_without_any_setting(name: str) -> None:
    """It is built once, shares its parts with other services, and has at most nine."""
    relay = App({})
    service = getattr(relay, name)
    assert service is getattr(relay, name)
    assert 3 <= len(fields(service)) <= 9
    for name_of_part in (field.name for field in fields(service)):
        part = relay.mailbox_limits if name_of_part == "limits" else getattr(relay, name_of_part)
        assert getattr(service, name_of_part) == part


@pytest.mark.parametrize(
    ("changes", "is_in_the_way"),
    [({}, True), ({"createdDateTime": "2026-11-20T10:00:00.0000001Z"}, False), ({"createdDateTime": None}, True),
     ({"createdDateTime": "2026-11-20T09:59:59Z"}, True), ({"showAs": "free"}, False), ({"isCancelled": True}, False)],
)  # fmt: skip
def test_an_event_is_a_conflict_unless_it_is_later_or_free(changes: dict[str, Any], *, is_in_the_way: bool) -> None:
    """One created at the same moment is a conflict, and so is one whose moment cannot be read."""
    event = {"id": "E", "showAs": "busy", "createdDateTime": OURS, "start": graph_time(SLOT.start),
             "end": graph_time(SLOT.end), **changes}  # fmt: skip
    assert conflicting_events([event], SLOT, OURS) == ([event] if is_in_the_way else [])


def test_an_unreadable_event_raises() -> None:
    """Also when it follows an event that is a conflict."""
    event = {"id": "E", "showAs": "busy", "start": graph_time(SLOT.start), "end": graph_time(SLOT.end)}
    with pytest.raises(GraphRejected):
        conflicting_events([event, event | {"start": None}], SLOT, OURS)
