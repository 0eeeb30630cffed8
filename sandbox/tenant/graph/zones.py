"""Graph's dateTimeTimeZone: a wall-clock time and the Windows or IANA name of its zone.

Graph: dateTimeTimeZone resource type.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

DATE_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,7}))?)?$")
"""A dateTime without an offset; Graph writes seven digits of a second, which datetime cannot read."""

WINDOWS = WINDOWS_TO_OLSON | {
    "Alberta Standard Time": "America/Edmonton",
    "British Columbia Standard Time": "America/Vancouver",
    "Kamchatka Standard Time": "Asia/Kamchatka",
    "Manitoba Standard Time": "America/Winnipeg",
    "Mid-Atlantic Standard Time": "Etc/GMT+2",
    "tzone://Microsoft/Utc": "Etc/UTC",
}
"""IANA names by Windows names, with those that icalendar's copy of CLDR's map lacks."""


def zone_info(name: str) -> ZoneInfo:
    """Return the zone with a Windows or IANA name. Raises ValueError for an unknown one."""
    try:
        return ZoneInfo(WINDOWS.get(name, name))
    except (KeyError, OSError, ValueError) as error:
        text = f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        raise ValueError(text) from error


@dataclass(frozen=True)
class Moment:
    """A wall-clock time (naive) in a named zone."""

    local: datetime
    zone: str = "UTC"

    @cached_property
    def utc(self) -> datetime:
        """The instant, aware, in UTC."""
        return self.local.replace(tzinfo=zone_info(self.zone)).astimezone(UTC)

    def in_zone(self, zone: str) -> "Moment":
        """Return the same instant in another zone."""
        return Moment(self.utc.astimezone(zone_info(zone)).replace(tzinfo=None), zone)

    def as_json(self) -> dict[str, str]:
        """Return the dateTimeTimeZone with Graph's seven digits."""
        return {"dateTime": f"{self.local:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": self.zone}


def moment(given: Any, zone: str = "UTC") -> Moment:
    """Return the moment of a dateTimeTimeZone, or of an ISO 8601 text, which without an offset is in `zone`.

    Raises ValueError for anything else.
    """
    if isinstance(given, dict) and isinstance(given.get("dateTime"), str):
        zone_name = str(given.get("timeZone") or "UTC")
        zone_info(zone_name)
        return Moment(_read(given["dateTime"], zone_name), zone_name)
    if isinstance(given, str):
        return Moment(_read(given, zone), zone)
    raise ValueError(f"neither a dateTimeTimeZone nor an ISO 8601 time: {given!r}")


def instant(text: str) -> datetime:
    """Return the instant of an ISO 8601 text, aware, in UTC; without an offset it is UTC. Raises ValueError."""
    return moment(text).utc


def _read(text: str, zone: str) -> datetime:
    """Return the wall-clock time in a zone; an offset in the text, which Graph allows, takes precedence over it."""
    if match := DATE_TIME.match(text):
        day, time, fraction = match.groups()
        exact = datetime.fromisoformat(f"{day}T{time or '00:00'}")
        return exact + timedelta(microseconds=int((fraction or "0").ljust(7, "0")) // 10)
    # Seven digits followed by an offset or Z: datetime reads six.
    aware = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    return aware.astimezone(zone_info(zone)).replace(tzinfo=None)
