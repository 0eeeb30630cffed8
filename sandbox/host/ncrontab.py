"""NCRONTAB schedules of timer triggers: pure, in the time zone of the given time.

"Timer trigger for Azure Functions, NCRONTAB expressions". Unlike in cron, day of month and day of week must both match.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import product

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
# 29 February on a given weekday recurs after 28 years, or after 40 around a year like 2100.
_HORIZON_DAYS = 41 * 366


@dataclass(frozen=True)
class _Field:
    """Bounds of a field, and its names, if any; the first name stands for the lowest value."""

    title: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _WEEKDAYS),
)


@dataclass(frozen=True)
class Schedule:
    """A parsed schedule: the values that each field allows, sorted; Sunday is 0."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def next_after(self, moment: datetime) -> datetime:
        """Return the first occurrence after a time. Raises ValueError if there is none (30 February)."""
        earliest = moment.replace(microsecond=0) + timedelta(seconds=1)
        for ahead in range(_HORIZON_DAYS):
            day = earliest.date() + timedelta(days=ahead)
            if day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays:
                match = self._time_from(earliest.time() if ahead == 0 else time.min)
                if match is not None:
                    return datetime.combine(day, match, tzinfo=moment.tzinfo)
        raise ValueError("the schedule never occurs")

    def _time_from(self, earliest: time) -> time | None:
        """Return the first time of a day that is not before `earliest`."""
        hours = [hour for hour in self.hours if hour >= earliest.hour]
        times = (time(*parts) for parts in product(hours, self.minutes, self.seconds))
        return next((candidate for candidate in times if candidate >= earliest), None)


def parse_schedule(text: str) -> Schedule:
    """Parse six fields, or five (then at second 0): `*`, values, names, ranges, lists and steps.

    Raises ValueError naming the wrong field.
    """
    parts = text.split()
    if len(parts) == 5:
        parts = ["0", *parts]
    if len(parts) != 6:
        raise ValueError(f"{text!r} is not an NCRONTAB schedule: {len(parts)} fields instead of five or six")
    return Schedule(*(_values(field, part) for field, part in zip(_FIELDS, parts, strict=True)))


def _values(field: _Field, text: str) -> tuple[int, ...]:
    """Return the values that one field allows."""
    return tuple(sorted({value for item in text.split(",") for value in _item(field, item)}))


def _item(field: _Field, text: str) -> range:
    """Return the values of one list item; `7/15` starts at 7 and runs to the field's maximum."""
    span, slash, step = text.partition("/")
    if slash and (not step.isdecimal() or int(step) == 0):
        raise ValueError(f"{field.title}: {text!r} has no step of 1 or more")
    first, dash, last = span.partition("-")
    if span == "*":
        low, high = field.lowest, field.highest
    else:
        low = _value(field, first)
        high = _value(field, last) if dash else field.highest if slash else low
    if low > high:
        raise ValueError(f"{field.title}: the range {span!r} is reversed")
    return range(low, high + 1, int(step) if slash else 1)


def _value(field: _Field, text: str) -> int:
    """Parse a number, or a name by at least its first three letters."""
    if text.isdecimal() and text.isascii():
        value = int(text)
    else:
        start = text.lower() if len(text) >= 3 else "?"
        named = (number for number, name in enumerate(field.names, field.lowest) if name.startswith(start))
        value = next(named, -1)
    if not field.lowest <= value <= field.highest:
        raise ValueError(f"{field.title}: {text!r} is not in {field.lowest}-{field.highest}")
    return value
