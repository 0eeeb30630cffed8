"""Strictly parse times from callers: times without a zone, skipped or ambiguous times are rejected. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from shared.api.fields import invalid
from shared.graph.time_zones import Moment, UnknownZone, Zone, instants_of, zone_named

# With the small letters and nanoseconds of "Date and Time on the Internet" (RFC 3339); seconds may be left out
_CLOCK = r"[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?"
TIME_PATTERN = rf"^\d{{4}}-\d\d-\d\d{_CLOCK}$"
WHEN_PATTERN = rf"^\d{{4}}-\d\d-\d\d({_CLOCK})?$"  # a time or a day
DATE_PATTERN = r"^\d{4}-\d\d-\d\d$"
YEARS = range(1970, 2100)  # outside them, Outlook shows nothing and time zones have no rules


def read_zone(name: str | None) -> Zone | None:
    """Return the zone that a caller names, if any. Raises RequestRejected 422."""
    try:
        return None if name is None else zone_named(name)
    except UnknownZone:
        text = "timeZone: unknown. Give an IANA name (Europe/Oslo) or a Windows name (W. Europe Standard Time)"
        raise invalid(text) from None


def read_moment(field: str, text: str, zone: Zone | None) -> Moment:
    """Return a time that has an offset, or is in the local time of `zone`. Raises RequestRejected 422."""
    moment = _time(field, text)
    if moment.tzinfo is not None:
        return _in_zone(moment.astimezone(UTC), zone)
    if zone is None:
        raise invalid(f"{field}: has no zone. Give timeZone, or add the offset: 2026-11-20T12:00:00+01:00")
    instants = instants_of(moment, zone)
    if not instants:
        raise invalid(f"{field}: does not exist in this zone, where clocks are put forward at that time")
    if len(instants) > 1:
        raise invalid(f"{field}: occurs twice in this zone, where clocks are put back. Add its offset")
    return Moment(moment, zone)


def read_day(field: str, text: str) -> datetime:
    """Return the midnight (naive) at the start of a day. Raises RequestRejected 422."""
    if re.fullmatch(DATE_PATTERN, text, re.ASCII):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if day.year in YEARS:
            return datetime(day.year, day.month, day.day)  # noqa: DTZ001  (a day has no zone)
    raise invalid(f"{field}: an all-day event takes a date without a time: 2026-11-20")


def _time(field: str, text: str) -> datetime:
    """Return a date and time without fractions of a second; aware if the text has an offset."""
    fits = re.fullmatch(TIME_PATTERN, text, re.ASCII)
    try:
        moment = datetime.fromisoformat(re.sub(r"\.[0-9]+", "", text.upper())) if fits else None
    except ValueError:
        moment = None
    if moment is None or moment.year not in YEARS:
        raise invalid(f"{field}: not a date and time such as 2026-11-20T12:00:00")
    return moment


def _in_zone(instant: datetime, zone: Zone | None) -> Moment:
    """Return an instant in a zone's local time; in UTC without a zone, or if the local time occurs twice."""
    if zone is not None:
        local = instant.astimezone(zone.info).replace(tzinfo=None)
        if len(instants_of(local, zone)) == 1:
            return Moment(local, zone)
    return Moment(instant.replace(tzinfo=None), zone_named("UTC"))


def check_order(start: Moment, end: Moment, longest: timedelta | None = None) -> None:
    """Raise RequestRejected 422 unless the end comes after the start, by at most `longest`."""
    if end.utc <= start.utc:
        raise invalid("end: must be after start")
    if longest is not None and end.utc - start.utc > longest:
        raise invalid(f"end: at most {longest.days} days after start")
