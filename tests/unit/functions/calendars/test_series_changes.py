"""A series that is moved without its recurrence: only to one of its days, since Graph's results are else undefined."""

from __future__ import annotations

from typing import Any

import pytest

from functions.calendars import change_event
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.calendars.conftest import at, created, truth

pytestmark = pytest.mark.server

PACIFIC = "America/Los_Angeles"
ZONED: dict[str, Any] = {"timeZone": PACIFIC, "start": "2026-12-01T20:00:00", "end": "2026-12-01T21:00:00"}  # a Tuesday
PATTERNS: dict[str, dict[str, Any]] = {
    "week": {"every": "week", "count": 3},
    "month": {"every": "month", "dayOfMonth": 1, "count": 3},
    "week of month": {"every": "month", "days": ["tuesday"], "week": "first", "count": 3},
    "year": {"every": "year", "dayOfMonth": 1, "month": 12, "count": 3},
    "week of year": {"every": "year", "days": ["tuesday"], "week": "first", "month": 12, "count": 3},
}
LATE = {"start": "2026-12-02T07:30:00Z", "end": "2026-12-02T07:45:00Z"}  # Tuesday in Los Angeles


def times(day: int, hour: int = 10, **more: Any) -> dict[str, Any]:
    """Return the body that moves an event to an hour of a day of December."""
    clock = f"2026-12-{day:02}T{hour:02}"
    return {"timeZone": PACIFIC, "start": f"{clock}:00:00", "end": f"{clock}:30:00", **more}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_series_is_not_moved_to_a_day_that_is_none_of_its_own(world: TenantWorld, pattern: str) -> None:
    """The error says to give the recurrence; nothing is changed."""
    event = created(**ZONED, recurrence=PATTERNS[pattern])
    before = truth(world)
    assert "recurrence:" in problem(change_event, 422, method="PATCH", body=times(2), route_params=at(event))
    assert truth(world) == before


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("body", [times(1), times(1, 23), LATE], ids=["same day", "late", "with an offset"])
def test_it_is_moved_within_its_day(world: TenantWorld, pattern: str, body: dict[str, Any]) -> None:
    """The day in the zone of the series, in whatever zone the times are given."""
    event = created(**ZONED, recurrence=PATTERNS[pattern])
    json_of(change_event, 200, method="PATCH", body=body, route_params=at(event))
    assert {each["type"] for each in truth(world)} <= {"occurrence", "exception"}


@pytest.mark.parametrize("recurrence", [{"every": "week", "count": 2}, None])
def test_it_is_moved_anywhere_with_its_recurrence(world: TenantWorld, recurrence: object) -> None:
    """Or without one from now on; a daily series and a single event are moved anywhere, too."""
    event = created(**ZONED, recurrence=PATTERNS["week"])
    body = times(2, recurrence=recurrence)
    assert json_of(change_event, 200, method="PATCH", body=body, route_params=at(event))["start"].startswith(
        "2026-12-02"
    )
    for other in (created(**ZONED, recurrence={"every": "day", "count": 2}), created()):
        json_of(change_event, 200, method="PATCH", body=times(3), route_params=at(other))
