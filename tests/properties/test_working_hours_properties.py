"""Working hours as Graph tells them, in any zone: by name or by rules, the slots are those of every minute tried."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sandbox.tenant.graph.working_hours import zone_by_rules
from shared.busy_times.zone_rules import DAYS, zone_of_rules
from shared.scheduling.all_day import placed
from shared.scheduling.availability import Availability, span_of, working_hours_of
from shared.scheduling.slot_rules import SlotQuery, Span, WorkingHours, free_starts, starts_of
from tests.properties.test_slot_properties import busy_times, reference
from tests.support.booking_world import graph_time
from tests.support.examples import examples

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = sorted(available_timezones() - {"Factory", "localtime", "posixrules"})
ENDS = ["23:59:59.9999999", "23:59:59", "23:59:00.0000000", "24:00:00", "00:00:00.0000000"]


def near_change(zone: ZoneInfo, days: int) -> datetime:
    """Return the first midnight of UTC before a change of clocks from a day of 2026 on, or that day without any."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + days * DAY
    moments = (start + number * DAY for number in range(366))
    return next((day for day in moments if offset(day, zone) != offset(day + DAY, zone)), start)


def offset(moment: datetime, zone: Any) -> timedelta | None:
    """Return a zone's offset at a moment."""
    return moment.astimezone(zone).utcoffset()


@st.composite
def hours_json(draw: st.DrawFn, zone: dict[str, Any]) -> tuple[dict[str, Any], tuple[frozenset[int], time, time]]:
    """Return workingHours, and the days and times that they mean."""
    days = draw(st.frozensets(st.integers(0, 6), min_size=3))
    start = draw(st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30])))
    end = draw(st.sampled_from(ENDS) | st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])).map(str))
    told = {"daysOfWeek": [DAYS[day].title() for day in days], "startTime": f"{start}.0000000", "endTime": end,
            "timeZone": zone}  # fmt: skip
    return told, (days, start, time() if end in ENDS else time.fromisoformat(end))


@settings(max_examples=examples(150), deadline=None)
@given(st.data(), st.sampled_from(NAMES), st.booleans())
def test_the_slots_are_those_of_every_minute(data: st.DataObject, name: str, by_rules: bool) -> None:  # noqa: FBT001
    """In every zone of tzdata, around its own changes of clocks, whichever way Graph tells the zone."""
    zone = ZoneInfo(name)
    told, (days, start, end) = data.draw(hours_json(zone_by_rules(name, 2026) if by_rules else {"name": name}))
    change = near_change(zone, data.draw(st.integers(0, 364)))
    begin = change + data.draw(st.integers(-300, 1440)) * HOUR / 60
    window = Span(begin, begin + data.draw(st.integers(0, 2000)) * HOUR / 60)
    query = SlotQuery(window, data.draw(st.integers(1, 24)) * HOUR / 12, zone, HOUR / 2)
    busy = data.draw(busy_times(query))
    expected = reference(query, WorkingHours(days, start, end, zone), busy)
    assert list(free_starts(query, starts_of(query), working_hours_of(told), busy)) == expected


CHANGES = st.fixed_dictionaries({
    "month": st.integers(1, 12), "dayOccurrence": st.integers(1, 5), "year": st.sampled_from([0, 0, 0, 2026]),
    "dayOfWeek": st.sampled_from(DAYS),
    "time": st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}:00"),
})  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(st.integers(-56, 48), st.sampled_from([-120, -60, -30, 30, 60]), CHANGES, CHANGES, st.integers(0, 4 * 8760))
@example(32, -60, {"month": 3, "dayOccurrence": 2, "year": 0, "dayOfWeek": "sunday", "time": "02:00:00"},
         {"month": 11, "dayOccurrence": 1, "year": 0, "dayOfWeek": "sunday", "time": "02:00:00"}, 1593)  # fmt: skip
def test_any_rules_are_a_clock(
    quarters: int, daylight: int, to_daylight: dict[str, Any], to_standard: dict[str, Any], hours: int
) -> None:
    """Each instant has one local time and comes back from it; the offset changes at the local times of the rules only,
    and a local time that is skipped or repeated is read as PEP 495 says.
    """
    assume(abs(to_daylight["month"] - to_standard["month"]) in range(1, 12))
    told = {"bias": quarters * 15, "daylightOffset": {"daylightBias": daylight, **to_daylight},
            "standardOffset": to_standard}  # fmt: skip
    zone = zone_of_rules(told)
    moment = datetime(2025, 1, 1, tzinfo=UTC) + hours * HOUR
    shown, later = moment.astimezone(zone), (moment + HOUR / 4).astimezone(zone)
    assert shown.astimezone(UTC) == moment
    offsets = {-timedelta(minutes=quarters * 15), -timedelta(minutes=quarters * 15 + daylight)}
    assert shown.utcoffset() in offsets
    if shown.utcoffset() != later.utcoffset():
        before = moment + HOUR / 4 + (shown.utcoffset() or timedelta())
        rule = to_standard if later.dst() == timedelta() else to_daylight
        assert (before.month, f"{before:%A}".lower(), f"{before:%H:%M:%S}") == (
            rule["month"], rule["dayOfWeek"], rule["time"],
        )  # fmt: skip
    for fold in (0, 1):
        local = shown.replace(fold=fold)
        assert local.utcoffset() in offsets
        assert local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None)


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 730), st.integers(1, 9), st.sampled_from(["schedule", "name", "rules"]))
@example("Africa/Cairo", 113, 1, "rules")  # a day without its midnight
@example("Pacific/Kiritimati", 0, 1, "schedule")
def test_an_all_day_event_is_placed_at_the_days_of_its_zone(name: str, day: int, length: int, source: str) -> None:
    """In every zone of tzdata: by the schedule, or by the zone of the working hours in either form."""
    first = datetime(2026, 1, 1, tzinfo=UTC) + day * DAY
    midnights = (first, first + length * DAY)
    span = Span(*(each.replace(tzinfo=ZoneInfo(name)).astimezone(UTC) for each in midnights))
    zone = zone_by_rules(name, 2026) if source == "rules" else {"name": "UTC" if source == "schedule" else name}
    hours = {"daysOfWeek": list(DAYS), "startTime": "08:00:00", "endTime": "16:00:00", "timeZone": zone}
    availability = Availability(working_hours_of(hours), (span,) if source == "schedule" else ())
    times = dict(zip(("start", "end"), map(graph_time, midnights), strict=True))
    (event,) = placed([{"isAllDay": True, "showAs": "Oof", **times}], availability)
    assert span_of(event) == span
