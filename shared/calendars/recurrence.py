"""Convert an event's recurrence from the API's form to Graph's patternedRecurrence. Pure.

References: "recurrencePattern resource type" and "recurrenceRange resource type", which list the fields of each type.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.api.fields import invalid
from shared.api.times import DATE_PATTERN, read_day

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALLOWED_FIELDS = {
    "day": set(),
    "week": {"days"},
    "month": {"days", "week", "day_of_month"},
    "year": {"days", "week", "day_of_month", "month"},
}  # fmt: skip


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
    return {"pattern": pattern, "range": _range(recurrence, start, zone)}


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
