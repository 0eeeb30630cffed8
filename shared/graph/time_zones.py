"""Time zones by the names that Graph and Exchange use, and local times in them.

Graph's calendars accept Windows names and some IANA names ("dateTimeTimeZone resource type"). The relay accepts both
and sends Graph the Windows name, except where the two zones differ. The mapping is Unicode CLDR's, from the library
tzlocal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

_PREFIX = "tzone://microsoft/"  # Exchange writes it before the names UTC and Custom
_NOT_ZONES = frozenset({"factory", "localtime", "posixrules"})  # files beside the zones
_FORMER = {  # names that Windows knows, or knew when mailboxes were set to them, and that CLDR's map lacks
    "Armenian Standard Time": "Asia/Yerevan", "Coordinated Universal Time": "Etc/UTC",
    "Jerusalem Standard Time": "Asia/Jerusalem", "Kamchatka Standard Time": "Asia/Kamchatka",
    "Malay Peninsula Standard Time": "Asia/Singapore", "Mexico Standard Time": "America/Mexico_City",
    "Mexico Standard Time 2": "America/Mazatlan", "Mid-Atlantic Standard Time": "Etc/GMT+2", "UTC-12": "Etc/GMT+12",
}  # fmt: skip
_ALIASES = {  # IANA names that CLDR's map lacks, with another name of the same zone
    "CST6CDT": "America/Chicago", "EST5EDT": "America/New_York", "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles", "Europe/Uzhgorod": "Europe/Kiev", "Europe/Zaporozhye": "Europe/Kiev",
    "GMT": "Etc/GMT", "US/East-Indiana": "America/Indianapolis",
}  # fmt: skip
_STEP = timedelta(minutes=15)  # clocks change at multiples of it


class UnknownZone(ValueError):
    """Neither a Windows name nor an IANA name."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone: the Windows name that is sent to Graph, its rules, and the rules that the Windows name stands for.

    The rules of some zones differ from those of the Windows zone that the map names, and a few zones have none.
    """

    name: str
    info: ZoneInfo
    windows: ZoneInfo | None

    def is_sent(self, local: datetime) -> bool:
        """Return whether the Windows zone gives a local time the same instant, so that it can be sent by its name."""
        instants = instants_of(local, self)
        return self.windows is not None and len(instants) == 1 and _instants(local, self.windows) == instants

    def is_sent_in(self, years: range) -> bool:
        """Return whether the Windows zone has the same clock all the time in these years."""
        windows = self.windows
        return windows is self.info or (windows is not None and all(_agree(self.info, windows, y) for y in years))


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
        """Return Graph's dateTimeTimeZone: in the zone, or in UTC where the Windows zone would give another instant."""
        if self.zone.is_sent(self.local):
            return {"dateTime": self.local.isoformat(timespec="seconds"), "timeZone": self.zone.name}
        return {"dateTime": self.utc.replace(tzinfo=None).isoformat(timespec="seconds"), "timeZone": "UTC"}


def zone_named(name: str) -> Zone:
    """Return the zone of a Windows or IANA name, without regard to case. Raises UnknownZone."""
    windows, iana = _names().get(name.lower().removeprefix(_PREFIX), ("", ""))
    if not iana:
        raise UnknownZone("not the name of a time zone")
    from tzlocal.windows_tz import win_tz

    return Zone(windows, ZoneInfo(iana), ZoneInfo(win_tz[windows]) if windows else None)


def instants_of(local: datetime, zone: Zone) -> list[datetime]:
    """Return the instants, in UTC, of a local time: none in the hour that is skipped in spring, two in the hour that
    is repeated in autumn.
    """
    return _instants(local, zone.info)


def _instants(local: datetime, rules: tzinfo) -> list[datetime]:
    candidates = {local.replace(tzinfo=rules, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(instant for instant in candidates if instant.astimezone(rules).replace(tzinfo=None) == local)


@cache
def _names() -> dict[str, tuple[str, str]]:
    """Return the Windows name (empty if there is none) and the IANA name for every known name, in lower case.

    The names are those for which this machine has the rules: the map may be newer than they are.
    """
    from tzlocal.windows_tz import tz_win, win_tz

    known = {name: name for name in available_timezones() if name.lower() not in _NOT_ZONES}
    named = {name.lower(): (tz_win.get(_ALIASES.get(name, name), ""), name) for name in known}
    named |= {name.lower(): (tz_win[iana], iana) for name, iana in _FORMER.items() if iana in known}
    return named | {name.lower(): (name, iana) for name, iana in win_tz.items() if name and iana in known}


@cache
def _agree(first: tzinfo, second: tzinfo, year: int) -> bool:
    """Return whether two zones have the same offset all year. Days on which neither changes are compared once."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(367)]
    offsets = [(_offset(day, first), _offset(day, second)) for day in days]
    if any(len(set(pair)) > 1 for pair in offsets):
        return False
    changed = [day for day, now, later in zip(days, offsets, offsets[1:], strict=False) if now != later]
    return all(
        _offset(day + _STEP * step, first) == _offset(day + _STEP * step, second)
        for day in changed for step in range(24 * 4)
    )  # fmt: skip


def _offset(moment: datetime, rules: tzinfo) -> timedelta | None:
    return moment.astimezone(rules).utcoffset()
