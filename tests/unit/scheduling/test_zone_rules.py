"""A zone told by rules has the clock that the rules describe, in both hemispheres and through every change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.busy_times.zone_rules import UnreadableRules, time_of_day, zone_of_rules

HOUR = timedelta(hours=1)


def rule(month: int, occurrence: int, time: str = "02:00:00.0000000", **more: Any) -> dict[str, Any]:
    """Return a change of clocks on a Sunday, every year."""
    return {"time": time, "dayOccurrence": occurrence, "dayOfWeek": "sunday", "month": month, "year": 0, **more}


def custom(bias: int, to_daylight: dict[str, Any] | None, to_standard: dict[str, Any] | None) -> dict[str, Any]:
    """Return a customTimeZone, whose daylight saving time is one hour unless the rule says otherwise."""
    daylight = {"daylightBias": -60, **to_daylight} if to_daylight else to_daylight
    return {"@odata.type": "#microsoft.graph.customTimeZone", "name": "Customized Time Zone", "bias": bias,
            "daylightOffset": daylight, "standardOffset": to_standard}  # fmt: skip


LIKE = {
    "America/Los_Angeles": custom(480, rule(3, 2), rule(11, 1)),
    "Europe/Berlin": custom(-60, rule(3, 5), rule(10, 5, "03:00:00")),
    "Australia/Sydney": custom(-600, rule(10, 1), rule(4, 1, "03:00:00.0000000")),
    "Australia/Lord_Howe": custom(-630, rule(10, 1, daylightBias=-30), rule(4, 1)),
    "Pacific/Chatham": custom(-765, rule(9, 5, "02:45:00"), rule(4, 1, "03:45:00")),
    "Europe/Dublin": custom(0, rule(3, 5, "01:00:00", dayOfWeek="Sunday"), rule(10, 5, dayOfWeek="SUNDAY")),
    "America/Havana": custom(300, rule(3, 2, "00:00:00"), rule(11, 1, "01:00:00")),
    "America/Nuuk": custom(120, rule(3, 5, "23:59:59.999", dayOfWeek="saturday"), rule(10, 5, "00:00")),
    "Asia/Kolkata": custom(-330, None, None),
    "America/Phoenix": custom(420, rule(0, 0), rule(0, 0)),
}


def moments(zone: ZoneInfo) -> list[datetime]:
    """Return each midnight of three years, and each half hour of the days on which clocks change."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(3 * 365)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    changed = [day for day, now, later in zip(days, offsets, offsets[1:], strict=False) if now != later]
    return days + [day + step * HOUR / 2 for day in changed for step in range(48)]


@pytest.mark.parametrize("name", [name for name in LIKE if name != "America/Nuuk"])
def test_a_zone_of_rules_has_the_clock_of_the_zone_that_it_describes(name: str) -> None:
    """From UTC to local time and back, also where clocks change."""
    zone, known = zone_of_rules(LIKE[name]), ZoneInfo(name)
    for moment in moments(known):
        shown, expected = moment.astimezone(zone), moment.astimezone(known)
        assert (shown.replace(tzinfo=None), shown.fold) == (expected.replace(tzinfo=None), expected.fold), moment
        assert shown.astimezone(UTC) == moment


@pytest.mark.parametrize("fold", [0, 1])
def test_a_skipped_local_time_is_read_as_in_a_named_zone(fold: int) -> None:
    """With the offset before the change, or with `fold` that after it."""
    for name, local in (("America/Los_Angeles", datetime(2026, 3, 8, 2, 30, fold=fold)),  # noqa: DTZ001
                        ("Australia/Sydney", datetime(2026, 10, 4, 2, 30, fold=fold))):  # noqa: DTZ001  # fmt: skip
        zone = zone_of_rules(LIKE[name])
        assert local.replace(tzinfo=zone).utcoffset() == local.replace(tzinfo=ZoneInfo(name)).utcoffset()


def test_the_last_second_of_a_day_is_its_end() -> None:
    """Exchange writes a change at midnight as the last moment of the day before."""
    zone = zone_of_rules(LIKE["America/Nuuk"])
    before = datetime(2026, 3, 29, 1, 59, tzinfo=UTC)
    assert [moment.astimezone(zone).utcoffset() for moment in (before, before + timedelta(minutes=1))] == [
        -2 * HOUR,
        -HOUR,
    ]


def test_a_rule_with_a_year_changes_clocks_in_that_year_only() -> None:
    """Without further changes, the clock stays."""
    zone = zone_of_rules(custom(480, rule(3, 2, year=2026), rule(11, 1, year=2026)))
    summers = [datetime(year, 7, 1, tzinfo=UTC).astimezone(zone).utcoffset() for year in (2025, 2026, 2027)]
    assert summers == [-8 * HOUR, -7 * HOUR, -8 * HOUR]
    south = zone_of_rules(custom(-600, rule(10, 1, year=2026), rule(4, 1, year=2026)))
    shown = [datetime(2026, month, 1, 12, tzinfo=UTC).astimezone(south).utcoffset() for month in (1, 7, 12)]
    assert shown == [11 * HOUR, 10 * HOUR, 11 * HOUR]


def test_a_rule_with_a_year_may_give_the_day_of_the_month() -> None:
    """Which is no occurrence of a day of the week; a month has no sixth Sunday."""
    zone = zone_of_rules(custom(-60, rule(3, 29, year=2026), rule(10, 25, "03:00:00", year=2026)))
    for moment in moments(ZoneInfo("Europe/Berlin")):
        if moment.year == 2026:
            assert moment.astimezone(zone).utcoffset() == moment.astimezone(ZoneInfo("Europe/Berlin")).utcoffset()


def test_a_single_change_is_no_daylight_saving_time() -> None:
    """The offset is then fixed."""
    for zone in (custom(480, rule(3, 2), None), custom(480, None, rule(11, 1)), {"bias": 480}):
        told = zone_of_rules(zone)
        assert [told.utcoffset(datetime(2026, month, 1)) for month in (1, 7)] == [-8 * HOUR] * 2  # noqa: DTZ001
        assert (told.utcoffset(None), told.dst(None), told.tzname(None)) == (
            -8 * HOUR,
            0 * HOUR,
            "Customized Time Zone",
        )


@pytest.mark.parametrize(
    "zone",
    [{}, {"bias": "480"}, {"bias": True}, {"bias": 1440}, custom(480, rule(13, 2), rule(11, 1)),
     custom(480, rule(3, 6), rule(11, 1)), custom(480, rule(3, 0), rule(11, 1)),
     custom(480, rule(3, 2, dayOfWeek="someday"), rule(11, 1)), custom(480, rule(3, 2, "25:00"), rule(11, 1)),
     custom(480, rule(3, 2, daylightBias=None), rule(11, 1)), custom(1400, rule(3, 2, daylightBias=60), rule(11, 1)),
     {"bias": 480, "daylightOffset": "spring", "standardOffset": rule(11, 1)}],
)  # fmt: skip
def test_incomplete_rules_are_rejected(zone: dict[str, Any]) -> None:
    """They are not taken for a zone without daylight saving time."""
    with pytest.raises(UnreadableRules):
        zone_of_rules(zone)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("08:30:00.0000000", 8.5), ("8:30", 8.5), ("00:00", 0), ("23:59:59", 24), ("23:59:59.9999999", 24),
     ("24:00:00", 24), ("23:59:00", 24 - 1 / 60), ("24:00:01", None), ("12:60", None), ("12:00:60", None),
     ("noon", None), ("", None), (None, None), ("12", None)],
)  # fmt: skip
def test_a_time_of_day_is_read(text: object, hours: float | None) -> None:
    """The last second of a day is its end; anything that is no time is None."""
    assert time_of_day(text) == (None if hours is None else timedelta(seconds=round(hours * 3600)))
