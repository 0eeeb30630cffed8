"""Time zones by the names that Graph takes, and what a wall clock in one of them means.

Graph's calendars know the zones of Windows by Windows' names, and some by IANA's ("dateTimeTimeZone resource type").
Both are taken here, and Windows' name is what Graph is sent. The map is Unicode CLDR's, as the library tzlocal has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo


class UnknownZone(ValueError):
    """A name that is neither one of Windows' nor one of IANA's that Outlook has a zone for."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone: its name as Graph takes it, and its rules."""

    name: str
    info: ZoneInfo


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall-clock time (naive) in a zone, which the zone's clock shows exactly once."""

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
    except (KeyError, OSError, ValueError):  # the map also has a name of nothing, and may know more than the data
        raise UnknownZone("not the name of a time zone") from None


def instants_of(local: datetime, zone: Zone) -> list[datetime]:
    """Return the instants, in UTC, at which a zone's clock shows a time: none in the hour that is skipped in spring,
    two in the hour that comes twice in autumn.
    """
    candidates = {local.replace(tzinfo=zone.info, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(instant for instant in candidates if instant.astimezone(zone.info).replace(tzinfo=None) == local)
