"""Time zones by the names that Graph accepts, and local times in them.

Graph's calendars accept Windows names and some IANA names ("dateTimeTimeZone resource type"). The relay accepts both
and sends Graph the Windows name. The mapping is Unicode CLDR's, from the library tzlocal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo


class UnknownZone(ValueError):
    """Neither a Windows name nor an IANA name that has a Windows zone."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone: its name as sent to Graph, and its rules."""

    name: str
    info: ZoneInfo


@dataclass(frozen=True, slots=True)
class Moment:
    """A naive local time that occurs exactly once in its zone."""

    local: datetime
    zone: Zone

    @property
    def utc(self) -> datetime:
        """The instant, in UTC."""
        return self.local.replace(tzinfo=self.zone.info).astimezone(UTC)

    def as_graph(self) -> dict[str, Any]:
        """Return Graph's dateTimeTimeZone."""
        return {"dateTime": self.local.isoformat(timespec="seconds"), "timeZone": self.zone.name}


def zone_named(name: str) -> Zone:
    """Return the zone of a Windows or IANA name. Raises UnknownZone."""
    from tzlocal.windows_tz import tz_win, win_tz

    windows = name if name in win_tz else tz_win.get(name)
    try:
        return Zone(windows or "", ZoneInfo(win_tz.get(name, name if windows else "")))
    except (KeyError, OSError, ValueError):  # the mapping has an empty name, and may be newer than the data
        raise UnknownZone("not the name of a time zone") from None


def instants_of(local: datetime, zone: Zone) -> list[datetime]:
    """Return the instants, in UTC, of a local time: none in the hour that is skipped in spring, two in the hour that
    is repeated in autumn.
    """
    candidates = {local.replace(tzinfo=zone.info, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(instant for instant in candidates if instant.astimezone(zone.info).replace(tzinfo=None) == local)
