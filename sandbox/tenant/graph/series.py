"""Recurrence: RRULEs expanded by dateutil in the event's own time zone.

RFC 5545 section 3.3.10; Graph: patternedRecurrence resource type.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dateutil.rrule import rrule, rruleset, rrulestr

from sandbox.tenant.graph.zones import zone_info

LEAP_YEAR = 2028
UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.IGNORECASE)


@dataclass
class Rule:
    """An RRULE (without its name), and the removed starts, naive, in the series' zone."""

    text: str
    exdates: set[datetime] = field(default_factory=set)

    def parts(self) -> dict[str, str]:
        """Return the parts of the rule by upper-case name."""
        return {
            name.upper(): value.upper()
            for name, _, value in (part.partition("=") for part in self.text.strip().rstrip(";").split(";"))
        }

    def starts(self, first: datetime, zone: str) -> Iterator[datetime]:
        """Yield every start, naive, in the zone, beginning with `first`; endlessly if the rule has no end."""
        dates = rruleset()
        dates.rrule(_rrule(self.text, first, zone))
        for exdate in self.exdates:
            dates.exdate(exdate)
        yield from dates


def read_rule(text: str, first: datetime, zone: str) -> Rule:
    """Return the rule of an RRULE text. Raises ValueError when dateutil cannot parse it or it never occurs."""
    plain = text.strip().removeprefix("RRULE:")
    if "\n" in plain or "FREQ=" not in plain.upper():
        raise ValueError(f"not one RRULE: {text!r}")
    if next(iter(_rrule(plain, first, zone)), None) is None:
        raise ValueError(f"the rule never occurs: {text!r}")
    return Rule(plain)


def _rrule(text: str, first: datetime, zone: str) -> rrule:
    """Return dateutil's rule on wall-clock times: a meeting at nine stays at nine across daylight saving time."""
    local = UNTIL.sub(lambda match: f"UNTIL={_local(match[1], zone)}", text)
    parsed = rrulestr(_with_month_ends(local, first), dtstart=first, ignoretz=True)
    if not isinstance(parsed, rrule):
        raise ValueError(f"not one RRULE: {text!r}")  # noqa: TRY004 - the text is wrong, not the caller
    return parsed


def _with_month_ends(text: str, first: datetime) -> str:
    """Return a rule whose days from the 29th on are the last day of shorter months, as Exchange counts.

    RFC 5545 would skip those months.
    """
    parts = Rule(text).parts()
    day = parts.get("BYMONTHDAY", str(first.day))
    if parts.get("FREQ") not in ("MONTHLY", "YEARLY") or "BYDAY" in parts or not day.isdecimal() or int(day) <= 28:
        return text
    if parts["FREQ"] == "YEARLY":
        month = parts.setdefault("BYMONTH", str(first.month))
        if not month.isdecimal() or not 1 <= int(month) <= 12 or int(day) > monthrange(LEAP_YEAR, int(month))[1]:
            return text  # a day that this month never has
    parts |= {"BYMONTHDAY": ",".join(map(str, range(28, int(day) + 1))), "BYSETPOS": "-1"}
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _local(until: str, zone: str) -> str:
    """Return an UNTIL in UTC as wall-clock time of the series' zone."""
    moment = datetime.strptime(until, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return moment.astimezone(zone_info(zone)).strftime("%Y%m%dT%H%M%S")
