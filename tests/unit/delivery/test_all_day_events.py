"""An all-day event that is on the calendar counts as there in any zone, and Graph's values in any letters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.due_messages import DueMessages
from tests.support.world import World, event
from tests.unit.resync.test_occurrences import occurrence, series

DAY = date(2026, 11, 20)
DAY_OFF: dict[str, Any] = {"isAllDay": True, **{
    name: {"dateTime": f"{day}T00:00:00.0000000", "timeZone": "UTC"}
    for name, day in (("start", DAY), ("end", DAY + timedelta(days=1)))
}}  # fmt: skip


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Australia/Sydney", "Pacific/Kiritimati", "Pacific/Apia", "UTC"]
)
def test_a_restored_day_off_is_not_delivered_as_deleted(world: World, zone: str) -> None:
    """The calendar view finds it by the instants of its day, not by the midnights that it shows."""
    start, end = (
        datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for day in (DAY, DAY + timedelta(days=1))
    )
    world.events.instants["E"] = start, end
    world.watch()
    world.events.by_id["E"] = event(**DAY_OFF)
    queues = DueMessages(world)
    queues.notify("E")
    queues.play(timedelta(minutes=5))
    queues.notify("E", deleted=True)
    queues.play(timedelta(minutes=5))
    assert world.webhook.news == [("created", "E")]


@pytest.mark.parametrize("kind", ["seriesMaster", "SeriesMaster", "SERIESMASTER"])
def test_a_series_is_recognized_in_any_letters(world: World, kind: str) -> None:
    """Its occurrences are delivered, not the series."""
    world.watch()
    series(world, occurrence(1))
    world.events.by_id["M"] = event("M", "m1", type=kind)
    queues = DueMessages(world)
    queues.notify("M")
    queues.play(timedelta(minutes=5))
    assert world.webhook.news == [("created", "O1")]
