"""Convert an event's recurrence from the API's form to Graph's patternedRecurrence. Pure.

References: "recurrencePattern resource type" and "recurrenceRange resource type", which list the fields of each type.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.api.fields import invalid
from shared.api.times import DATE_PATTERN, read_day
from shared.graph.time_zones import Moment, zone_named

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKS = {"first": 0, "second": 1, "third": 2, "fourth": 3}
YEARS_COMPARED = 10  # of a series in its zone with Outlook's
ALLOWED_FIELDS = {
    "day": set(),
    "week": {"days"},
    "month": {"days", "week", "day_of_month"},
    "year": {"days", "week", "day_of_month", "month"},
}  # fmt: skip
PATTERN_FIELDS = {  # of each type, in lower case; Graph answers the others, too, with values that mean nothing
    "weekly": {"daysOfWeek"},
    "absolutemonthly": {"dayOfMonth"},
    "relativemonthly": {"daysOfWeek", "index"},
    "absoluteyearly": {"dayOfMonth", "month"},
    "relativeyearly": {"daysOfWeek", "index", "month"},
}


class Recurrence(BaseModel):
    """How an event recurs. Omitted fields are derived from its start; without `until` and `count` it never ends."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)

    every: Literal["day", "week", "month", "year"]
    interval: int = Field(default=1, ge=1, le=99)
    days: list[Day] = Field(default=[], max_length=7, description="Of every week, or of `week`.")
    week: Literal["first", "second", "third", "fourth", "last"] | None = Field(
        default=None, description="Requires `days`."
    )
    day_of_month: int | None = Field(default=None, ge=1, le=31)
    month: int | None = Field(default=None, ge=1, le=12)
    until: str | None = Field(
        default=None, pattern=DATE_PATTERN, description="The last day on which an occurrence may begin."
    )
    count: int | None = Field(default=None, ge=1, le=999)


def as_graph(recurrence: Recurrence, start: datetime, zone: str) -> dict[str, Any]:
    """Return Graph's patternedRecurrence for an event that begins at `start` (naive). Raises RequestRejected 422."""
    fields = {name for name in ("days", "week", "day_of_month", "month") if getattr(recurrence, name)}
    if surplus := sorted(fields - ALLOWED_FIELDS[recurrence.every]):
        raise invalid(f"recurrence.{to_camel(surplus[0])}: is not allowed when every is {recurrence.every}")
    if recurrence.every in ("month", "year") and (recurrence.week is None) == bool(recurrence.days):
        raise invalid("recurrence.week: give week and days together, as in the first monday")
    if recurrence.days and recurrence.day_of_month:
        raise invalid("recurrence.dayOfMonth: give either dayOfMonth or days")
    pattern = {"interval": recurrence.interval, **_pattern(recurrence, start)}
    if not _begins_with(pattern, start):
        raise invalid("recurrence: start is none of its days. Give the first occurrence as start and end")
    return {"pattern": pattern, "range": _range(recurrence, start, zone)}


def check_zone(recurrence: Recurrence, first: Moment) -> None:
    """Raise RequestRejected 422 if Outlook would compute the occurrences with another clock than that of the zone."""
    start = first.local.year
    last = read_day("recurrence.until", recurrence.until).year if recurrence.until else start + YEARS_COMPARED
    if not first.zone.is_sent_in(range(start, min(last, start + YEARS_COMPARED) + 1)):
        raise invalid("timeZone: Outlook has no zone with the same clock, so a series cannot be in it")


def is_on_its_days(recurrence: Mapping[str, Any], start: Mapping[str, Any], *, all_day: bool) -> bool:
    """Return whether Graph's patternedRecurrence has an occurrence on the day of a start (Graph's dateTimeTimeZone).

    True if that is not known: in a zone without a name, or for a pattern that is none of Graph's.
    """
    try:
        pattern = recurrence["pattern"]
        wanted = PATTERN_FIELDS[str(pattern["type"]).lower()]
        day = datetime.fromisoformat(start["dateTime"])
        if not all_day:
            zones = start["timeZone"], str(recurrence["range"]["recurrenceTimeZone"])
            given, its = (zone_named(zone).info for zone in zones)
            day = day.replace(tzinfo=given).astimezone(UTC).astimezone(its).replace(tzinfo=None)
        lowered = {name: _lowered(value) for name, value in pattern.items() if name in wanted and value}
        return _begins_with(lowered, day) if lowered.keys() == wanted else True
    except (LookupError, TypeError, AttributeError, ValueError):  # UnknownZone, too
        return True


def _lowered(value: object) -> Any:
    if isinstance(value, list):
        return [str(each).lower() for each in value]
    return value.lower() if isinstance(value, str) else value


def _pattern(recurrence: Recurrence, start: datetime) -> dict[str, Any]:
    if recurrence.every == "day":
        return {"type": "daily"}
    if recurrence.every == "week":
        days = list(dict.fromkeys(recurrence.days)) or [DAYS[start.weekday()]]
        return {"type": "weekly", "daysOfWeek": days, "firstDayOfWeek": "monday"}
    kind = "Monthly" if recurrence.every == "month" else "Yearly"
    month = {} if recurrence.every == "month" else {"month": recurrence.month or start.month}
    if recurrence.days:
        days = list(dict.fromkeys(recurrence.days))
        return {"type": f"relative{kind}", "daysOfWeek": days, "index": recurrence.week, **month}
    return {"type": f"absolute{kind}", "dayOfMonth": recurrence.day_of_month or start.day, **month}


def _begins_with(pattern: dict[str, Any], start: datetime) -> bool:
    """Return whether a pattern has an occurrence on the day of the start.

    Otherwise the results of Graph are undefined: Outlook shows the start as well, or moves the series to another day.
    """
    if pattern.get("month", start.month) != start.month:
        return False
    if "dayOfMonth" in pattern:  # in a shorter month, Exchange takes the last day
        return start.day == min(int(pattern["dayOfMonth"]), _days_in_month(start))
    return DAYS[start.weekday()] in pattern.get("daysOfWeek", DAYS) and _is_in_week(pattern, start)


def _is_in_week(pattern: dict[str, Any], start: datetime) -> bool:
    """Return whether the start is the day that `index` selects among the days of the month on these weekdays."""
    if "index" not in pattern:
        return True
    month = [start.replace(day=day) for day in range(1, _days_in_month(start) + 1)]
    days = [day for day in month if DAYS[day.weekday()] in pattern["daysOfWeek"]]
    return days[WEEKS.get(pattern["index"], -1)] == start


def _days_in_month(start: datetime) -> int:
    return monthrange(start.year, start.month)[1]


def _range(recurrence: Recurrence, start: datetime, zone: str) -> dict[str, Any]:
    limits: dict[str, Any] = {"startDate": start.date().isoformat(), "recurrenceTimeZone": zone}
    if recurrence.until is not None and recurrence.count is not None:
        raise invalid("recurrence.count: give either count or until")
    if recurrence.until is not None:
        if read_day("recurrence.until", recurrence.until).date() < start.date():
            raise invalid("recurrence.until: is before start")
        return {"type": "endDate", "endDate": recurrence.until, **limits}
    if recurrence.count is not None:
        return {"type": "numbered", "numberOfOccurrences": recurrence.count, **limits}
    return {"type": "noEnd", **limits}
