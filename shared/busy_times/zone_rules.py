"""A time zone that Graph tells by rules instead of a name. ("customTimeZone resource type")

A rule says when clocks change ("standardTimeZoneOffset", "daylightTimeZoneOffset"). As in Graph's sample of "calendar:
getSchedule", a bias is what has to be added to local time to get UTC: 480 minutes are eight hours behind UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from shared.busy_times.spans import DAY

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ALMOST_A_DAY = timedelta(hours=23, minutes=59, seconds=59)  # with any fraction: Exchange's end of a day
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?", re.ASCII)
_LAST = 5  # as an occurrence: the last one of the month
_FIRST_YEAR = 1601  # of Windows; a smaller number is a frequency, and "0 means every year"


class UnreadableRules(ValueError):
    """The rules are incomplete, or no rules."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of clocks, at a local time from before the change; `year` is None for every year."""

    month: int
    day: int  # of the week; Monday is 0
    occurrence: int
    time: timedelta
    year: int | None = None

    def in_year(self, year: int) -> datetime:
        """Return the naive local time of the change in a year."""
        first, length = monthrange(year, self.month)
        if self.occurrence > _LAST:  # of a single year, Windows gives the day of the month
            return datetime(year, self.month, min(self.occurrence, length)) + self.time  # noqa: DTZ001
        day = 1 + (self.day - first) % 7 + 7 * (self.occurrence - 1)
        return datetime(year, self.month, day - 7 * (day > length)) + self.time  # noqa: DTZ001  (local to the zone)


@dataclass(frozen=True)
class RuleZone(tzinfo):
    """A zone with an offset and, between two changes, daylight saving time; without changes the offset is fixed."""

    standard: timedelta
    daylight: timedelta
    to_daylight: Change | None = None
    to_standard: Change | None = None

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Return the offset at a local time; where it is repeated or skipped, `fold` decides as in PEP 495."""
        if moment is None:
            return self.standard
        offsets = self._offsets_of(moment.replace(tzinfo=None))
        if offsets:  # two if the time is repeated
            return min(offsets) if moment.fold else max(offsets)
        both = (self.standard, self.daylight)
        return max(both) if moment.fold else min(both)

    def dst(self, moment: datetime | None) -> timedelta:
        """Return what daylight saving time adds at a local time."""
        return self.utcoffset(moment) - self.standard

    def tzname(self, _moment: datetime | None) -> str:
        """Return the name that Exchange gives such a zone."""
        return "Customized Time Zone"

    def fromutc(self, moment: datetime) -> datetime:
        """Return the local time of a UTC time, which has this zone as its tzinfo."""
        offset = self._offset_at(moment.replace(tzinfo=None))
        local = moment + offset
        offsets = self._offsets_of(local.replace(tzinfo=None))
        return local.replace(fold=int(len(offsets) > 1 and offset == min(offsets)))

    def _offsets_of(self, local: datetime) -> set[timedelta]:
        """Return every offset with which a local time exists."""
        return {offset for offset in (self.standard, self.daylight) if self._offset_at(local - offset) == offset}

    def _offset_at(self, utc: datetime) -> timedelta:
        """Return the offset after the last change before a naive UTC time; before the first one, the other offset."""
        changes = _changes(self, utc.year)
        past = [offset for at, offset in changes if at <= utc]
        if past or not changes:
            return past[-1] if past else self.standard
        return self.standard if changes[0][1] == self.daylight else self.daylight


@lru_cache(maxsize=256)
def _changes(zone: RuleZone, year: int) -> list[tuple[datetime, timedelta]]:
    """Return the changes around a year: the naive UTC time of each, and the offset after it."""
    if zone.to_daylight is None or zone.to_standard is None:
        return []
    changes = []
    for change, before, after in ((zone.to_daylight, zone.standard, zone.daylight),
                                  (zone.to_standard, zone.daylight, zone.standard)):  # fmt: skip
        years = range(year - 1, year + 2) if change.year is None else (change.year,)
        changes += [(change.in_year(each) - before, after) for each in years]
    return sorted(changes)


def zone_of_rules(zone: dict[str, Any]) -> RuleZone:
    """Return the zone that a customTimeZone tells. Raises UnreadableRules."""
    standard = -_minutes(zone.get("bias"))
    to_daylight, to_standard = (_change(zone.get(name)) for name in ("daylightOffset", "standardOffset"))
    if to_daylight is None or to_standard is None:
        return RuleZone(standard, standard)
    daylight = standard - _minutes(zone["daylightOffset"].get("daylightBias"))
    if abs(daylight) >= DAY:
        raise UnreadableRules("the bias of daylight saving time is none")
    return RuleZone(standard, daylight, to_daylight, to_standard)


def time_of_day(text: object) -> timedelta | None:
    """Return the time since midnight of an Edm.TimeOfDay, a whole day for its last second; None if it is none."""
    match = _TIME.fullmatch(str(text))
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    time = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if minutes > 59 or seconds > 59 or time > DAY:
        return None
    return DAY if time >= _ALMOST_A_DAY else time


def _change(rule: object) -> Change | None:
    """Return a change of clocks; None if there is none. Raises UnreadableRules."""
    if rule is None or (isinstance(rule, dict) and rule.get("month") in (0, None)):
        return None
    if not isinstance(rule, dict):
        raise UnreadableRules("the rule of a change is none")
    month, occurrence, year = (rule.get(name) for name in ("month", "dayOccurrence", "year"))
    day, time = str(rule.get("dayOfWeek")).lower(), time_of_day(rule.get("time"))
    if type(month) is not int or not 1 <= month <= 12 or day not in DAYS or time is None:
        raise UnreadableRules("the rule of a change is incomplete")
    only = year if isinstance(year, int) and _FIRST_YEAR <= year < 9999 else None
    if type(occurrence) is not int or not 1 <= occurrence <= (_LAST if only is None else 31):
        raise UnreadableRules("a day of the week occurs up to five times in a month")
    return Change(month, DAYS.index(day), occurrence, time, only)


def _minutes(bias: object) -> timedelta:
    if type(bias) is not int or abs(bias) >= DAY / timedelta(minutes=1):
        raise UnreadableRules("the bias is none")
    return timedelta(minutes=bias)
