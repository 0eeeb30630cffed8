"""Whether a start is on one of the days of a recurrence as Graph answers it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.calendars.recurrence import is_on_its_days


@pytest.mark.parametrize("recurrence", [
    {}, {"pattern": None}, {"pattern": {"type": "lunar"}, "range": {"recurrenceTimeZone": "UTC"}},
    {"pattern": {"type": "weekly"}, "range": {"recurrenceTimeZone": "UTC"}},
    {"pattern": {"type": "weekly", "daysOfWeek": ["monday"]}, "range": {"recurrenceTimeZone": "Custom"}},
    {"pattern": {"type": "weekly", "daysOfWeek": []}, "range": {"recurrenceTimeZone": "UTC"}},
])  # fmt: skip
def test_a_recurrence_that_cannot_be_read_refuses_nothing(recurrence: dict[str, Any]) -> None:
    """Graph decides; nothing fails."""
    assert is_on_its_days(recurrence, {"dateTime": "2026-12-01T08:00:00", "timeZone": "UTC"}, all_day=False)


def test_graphs_other_fields_and_capitals_say_nothing() -> None:
    """Graph answers the fields of the other types, too, with zeros and defaults."""
    pattern = {
        "type": "Weekly",
        "interval": 1,
        "month": 0,
        "dayOfMonth": 0,
        "daysOfWeek": ["Tuesday"],
        "index": "first",
    }
    recurrence = {"pattern": pattern, "range": {"recurrenceTimeZone": "Pacific Standard Time"}}
    for day, expected in ((1, True), (2, False), (8, True)):
        start = {"dateTime": f"2026-12-{day:02}T00:00:00", "timeZone": "UTC"}
        assert is_on_its_days(recurrence, start, all_day=True) is expected
