"""Convert an RRULE to Graph's patternedRecurrence.

Graph: recurrencePattern and recurrenceRange resource types. They express less than RFC 5545: other rules are rejected.
"""

import re
from datetime import datetime
from typing import Any

from sandbox.tenant.graph.series import Rule
from sandbox.tenant.graph.zones import Moment

DAYS = {
    "MO": "monday",
    "TU": "tuesday",
    "WE": "wednesday",
    "TH": "thursday",
    "FR": "friday",
    "SA": "saturday",
    "SU": "sunday",
}
INDEXES = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}
BYDAY = re.compile(r"^([+-]?\d+)?(MO|TU|WE|TH|FR|SA|SU)$")
SUPPORTED = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}


def patterned(rule: Rule, first: Moment) -> dict[str, Any]:
    """Return the patternedRecurrence of a series that starts at `first`.

    Raises ValueError when Exchange cannot store the rule.
    """
    parts = rule.parts()
    if unknown := parts.keys() - SUPPORTED:
        raise ValueError(f"Exchange has no recurrence with {', '.join(sorted(unknown))}")
    return {"pattern": _pattern(parts, first.local), "range": _range(rule, parts, first)}


def _pattern(parts: dict[str, str], first: datetime) -> dict[str, Any]:
    """Return the recurrencePattern."""
    makers = {"DAILY": _daily, "WEEKLY": _weekly, "MONTHLY": _monthly, "YEARLY": _yearly}
    make = makers.get(parts["FREQ"])
    if make is None:
        raise ValueError(f"Exchange has no recurrence {parts['FREQ']}")
    pattern = {
        "interval": int(parts.get("INTERVAL", "1")),
        "month": 0,
        "dayOfMonth": 0,
        "firstDayOfWeek": "sunday",
        "index": "first",
    }
    return pattern | make(parts, first)


def _daily(parts: dict[str, str], _first: datetime) -> dict[str, Any]:
    """Return a daily pattern."""
    _refuse(parts, "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS")
    return {"type": "daily"}


def _weekly(parts: dict[str, str], first: datetime) -> dict[str, Any]:
    """Return a weekly pattern; the default day is the first start's."""
    _refuse(parts, "BYMONTHDAY", "BYMONTH", "BYSETPOS")
    own = list(DAYS.values())[first.weekday()]
    days = [DAYS[day] for day in parts["BYDAY"].split(",") if day in DAYS] if "BYDAY" in parts else [own]
    if not days:
        raise ValueError(f"Exchange has no weekly recurrence BYDAY={parts['BYDAY']}")
    return {"type": "weekly", "daysOfWeek": days, "firstDayOfWeek": DAYS[parts.get("WKST", "MO")]}


def _monthly(parts: dict[str, str], first: datetime) -> dict[str, Any]:
    """Return a monthly pattern, by day of month or by weekdays."""
    _refuse(parts, "BYMONTH")
    if "BYDAY" in parts:
        return {"type": "relativeMonthly", **_relative(parts)}
    return {"type": "absoluteMonthly", "dayOfMonth": _day_of_month(parts, first)}


def _yearly(parts: dict[str, str], first: datetime) -> dict[str, Any]:
    """Return a yearly pattern, by day of month or by weekdays."""
    month = parts.get("BYMONTH", str(first.month))
    if not month.isdecimal():
        raise ValueError(f"Exchange has no yearly recurrence BYMONTH={month}")
    if "BYDAY" in parts:
        if "BYMONTH" not in parts:
            raise ValueError("Exchange has no yearly recurrence BYDAY without BYMONTH")
        return {"type": "relativeYearly", "month": int(month), **_relative(parts)}
    return {"type": "absoluteYearly", "month": int(month), "dayOfMonth": _day_of_month(parts, first)}


def _relative(parts: dict[str, str]) -> dict[str, Any]:
    """Return the weekdays and their index in the month: 2TU, or TU with BYSETPOS=2."""
    _refuse(parts, "BYMONTHDAY")
    matches = [BYDAY.match(day) for day in parts["BYDAY"].split(",")]
    positions = {match[1].lstrip("+") if match and match[1] else parts.get("BYSETPOS") for match in matches}
    days = [DAYS[match[2]] for match in matches if match]
    position = positions.pop()
    if positions or position not in INDEXES or (len(days) > 1 and "BYSETPOS" not in parts):
        raise ValueError(f"Exchange has no recurrence BYDAY={parts['BYDAY']}")
    return {"daysOfWeek": days, "index": INDEXES[position]}


def _day_of_month(parts: dict[str, str], first: datetime) -> int:
    """Return the day of the month."""
    _refuse(parts, "BYSETPOS")
    day = parts.get("BYMONTHDAY", str(first.day))
    if not day.isdecimal():
        raise ValueError(f"Exchange has no recurrence BYMONTHDAY={day}")
    return int(day)


def _refuse(parts: dict[str, str], *names: str) -> None:
    """Raise ValueError for parts that the frequency does not support."""
    if given := [name for name in names if name in parts]:
        raise ValueError(f"Exchange has no {parts['FREQ']} recurrence with {', '.join(given)}")


def _range(rule: Rule, parts: dict[str, str], first: Moment) -> dict[str, Any]:
    """Return the recurrenceRange; its endDate is the day of the last start allowed by UNTIL."""
    limits = {
        "type": "noEnd",
        "startDate": f"{first.local:%Y-%m-%d}",
        "endDate": "0001-01-01",
        "recurrenceTimeZone": first.zone,
        "numberOfOccurrences": 0,
    }
    if "COUNT" in parts:
        return limits | {"type": "numbered", "numberOfOccurrences": int(parts["COUNT"])}
    if "UNTIL" in parts:
        last = max(Rule(rule.text).starts(first.local, first.zone), default=first.local)
        return limits | {"type": "endDate", "endDate": f"{last:%Y-%m-%d}"}
    return limits
