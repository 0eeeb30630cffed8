"""Convert Graph's patternedRecurrence to an RRULE.

Graph: patternedRecurrence, recurrencePattern and recurrenceRange resource types, with the required properties of each
type.
"""

from typing import Any

from sandbox.tenant.graph.recurrence import DAYS, INDEXES
from sandbox.tenant.graph.series import Rule, read_rule
from sandbox.tenant.graph.zones import Moment

BY_NAME = {name: short for short, name in DAYS.items()}
POSITIONS = {name: position for position, name in INDEXES.items()}
FREQUENCIES = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "absoluteMonthly": "MONTHLY",
    "relativeMonthly": "MONTHLY",
    "absoluteYearly": "YEARLY",
    "relativeYearly": "YEARLY",
}


def rule_of(recurrence: dict[str, Any], first: Moment) -> Rule:
    """Return the rule of a series that starts at `first`. Raises ValueError when Exchange would reject it."""
    pattern, limits = recurrence.get("pattern"), recurrence.get("range")
    if not isinstance(pattern, dict) or not isinstance(limits, dict):
        raise ValueError("pattern, range: both are required")  # noqa: TRY004 - the body is wrong, not the caller
    if limits.get("startDate") != f"{first.local:%Y-%m-%d}":
        raise ValueError("startDate: not the day of the event's start")
    return read_rule(";".join([*_pattern(pattern), *_limits(limits)]), first.local, first.zone)


def _pattern(pattern: dict[str, Any]) -> list[str]:
    """Return the RRULE parts of a recurrencePattern."""
    kind = pattern.get("type")
    if kind not in FREQUENCIES:
        raise ValueError("type: required")
    parts = [f"FREQ={FREQUENCIES[kind]}", f"INTERVAL={_number(pattern, 'interval', 1, 999)}"]
    if kind == "weekly":
        parts += [_days(pattern), f"WKST={BY_NAME[pattern.get('firstDayOfWeek', 'sunday')]}"]
    if kind.endswith("Yearly"):
        parts.append(f"BYMONTH={_number(pattern, 'month', 1, 12)}")
    if kind.startswith("absolute"):
        parts.append(f"BYMONTHDAY={_number(pattern, 'dayOfMonth', 1, 31)}")
    if kind.startswith("relative"):
        parts += [_days(pattern), f"BYSETPOS={POSITIONS[pattern.get('index', 'first')]}"]
    return parts


def _limits(limits: dict[str, Any]) -> list[str]:
    """Return the RRULE parts of a recurrenceRange."""
    if limits.get("type") == "numbered":
        return [f"COUNT={_number(limits, 'numberOfOccurrences', 1, 999)}"]
    if limits.get("type") == "endDate":
        if str(limits.get("endDate")) < str(limits["startDate"]):
            raise ValueError("endDate: before startDate")
        return [f"UNTIL={str(limits['endDate']).replace('-', '')}T235959"]
    if limits.get("type") != "noEnd":
        raise ValueError("type of the range: required")
    return []


def _days(pattern: dict[str, Any]) -> str:
    """Return the BYDAY part."""
    if not pattern.get("daysOfWeek"):
        raise ValueError("daysOfWeek: required")
    return f"BYDAY={','.join(BY_NAME[day] for day in pattern['daysOfWeek'])}"


def _number(given: dict[str, Any], name: str, least: int, most: int) -> int:
    """Return a required number. Raises ValueError if it is missing or out of range."""
    value = given.get(name)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name}: a number from {least} to {most} is required")
    return value
