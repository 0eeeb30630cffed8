"""Convert the time zones of iCalendar files to IANA names.

Follows RFC 5545 (3.2.19 TZID, 3.6.5 VTIMEZONE, 3.3.5 forms of DATE-TIME) and Unicode CLDR's table of Windows names.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sandbox.ics_display_names import zone_displayed
from sandbox.tenant.graph.zones import WINDOWS

DateTimeTimeZone = dict[str, str]
"""Graph's dateTimeTimeZone: {"dateTime": "2026-11-20T10:00:00", "timeZone": "Europe/Oslo"}."""


def zone_named(name: str | None) -> str | None:
    """Return the IANA name for a TZID (an IANA name, a Windows name, or a path ending in an IANA name), or None."""
    if not name:
        return None
    plain = name.strip('"')
    parts = plain.split("/")
    tails = ["/".join(parts[-count:]) for count in (3, 2, 1)]
    for candidate in (plain, WINDOWS.get(plain), *tails):
        if candidate and candidate in _iana_names():
            return candidate
    return None


def zone_of_file(name: str) -> str:
    """Return the IANA name for a zone that a file names without defining it. Raises ValueError if it is unknown."""
    zone = zone_named(name) or zone_displayed(name)
    if zone is None:
        raise ValueError(f"its time zone {name!r} is neither known nor defined in the file")
    return zone


def has_rules_of_its_own(value: date, tzid: str | None) -> bool:
    """Return whether a DATE-TIME is in a zone that only the file defines, with offsets that no known zone has."""
    return isinstance(value, datetime) and value.tzinfo is not None and _iana_zone(value, value.tzinfo, tzid) is None


def date_time_time_zone(value: date, tzid: str | None, floating: str | None) -> DateTimeTimeZone:
    """Return a DATE or DATE-TIME value that icalendar read, as Graph's dateTimeTimeZone.

    A DATE is midnight UTC, as Graph writes all-day events. A DATE-TIME without a zone is wall-clock time in the zone
    `floating`. A zone that only the file defines becomes the first IANA zone with the same offsets in that year; if
    there is none, the time is converted to UTC. Raises ValueError for a zone that is neither known nor defined.
    """
    if not isinstance(value, datetime):
        return graph_time(datetime.combine(value, datetime.min.time()), "UTC")
    if value.tzinfo is None:
        if tzid is None and floating is None:
            raise ValueError("its times have no zone, and that of the file (X-WR-TIMEZONE) is unknown")
        return graph_time(value, zone_of_file(tzid) if tzid is not None else str(floating))
    zone = _iana_zone(value, value.tzinfo, tzid)
    if zone is None:
        return graph_time(value.astimezone(UTC), "UTC")
    return graph_time(value, zone)


def graph_time(local: datetime, zone: str) -> DateTimeTimeZone:
    """Return a wall-clock time of a zone as Graph's dateTimeTimeZone."""
    return {"dateTime": local.replace(tzinfo=None).isoformat(timespec="seconds"), "timeZone": zone}


def wall_clock(moment: DateTimeTimeZone) -> datetime:
    """Return the wall-clock time."""
    return datetime.fromisoformat(moment["dateTime"])


def instant(moment: DateTimeTimeZone) -> datetime:
    """Return the instant, aware, in UTC."""
    return wall_clock(moment).replace(tzinfo=ZoneInfo(moment["timeZone"])).astimezone(UTC)


def _iana_zone(value: datetime, given: tzinfo, tzid: str | None) -> str | None:
    """Return the IANA zone of a time. A well-known name takes precedence over the file's definition, as in Outlook."""
    return zone_named(getattr(given, "key", None) or tzid) or _zone_like(given, value.year)


@cache
def _iana_names() -> frozenset[str]:
    """Return all IANA names, cached because zoneinfo searches the disk for them."""
    return frozenset(available_timezones())


@cache
def _zone_like(defined: tzinfo, year: int) -> str | None:
    """Return an IANA zone with the same offset at noon of every fifth day of a year, or None."""
    days = [datetime(year, 1, 1, 12) + timedelta(days=count) for count in range(0, 365, 5)]  # noqa: DTZ001 - wall clock
    offsets = [day.replace(tzinfo=defined).utcoffset() for day in days]
    for name in dict.fromkeys(["UTC", *WINDOWS.values()]):
        zone = ZoneInfo(name)
        if all(day.replace(tzinfo=zone).utcoffset() == offset for day, offset in zip(days, offsets, strict=True)):
            return name
    return None
