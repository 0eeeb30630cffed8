"""Windows' display names of time zones, such as "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna".

Some programs write them as TZID. They name cities or regions and the offset of standard time: the zone is that of the
first city which IANA's names have, too, with the same offset.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

NAME = re.compile(r"\((?:UTC|GMT)(?:([+-])(\d\d):?(\d\d))?\)\s*(.+)", re.IGNORECASE)
REGIONS = {
    "alaska": "America/Anchorage",
    "arizona": "America/Phoenix",
    "atlantic time (canada)": "America/Halifax",
    "beijing": "Asia/Shanghai",
    "brasilia": "America/Sao_Paulo",
    "central america": "America/Guatemala",
    "central time (us & canada)": "America/Chicago",
    "coordinated universal time": "UTC",
    "eastern time (us & canada)": "America/New_York",
    "greenland": "America/Nuuk",
    "hawaii": "Pacific/Honolulu",
    "mountain time (us & canada)": "America/Denver",
    "newfoundland": "America/St_Johns",
    "pacific time (us & canada)": "America/Los_Angeles",
    "saskatchewan": "America/Regina",
}


def zone_displayed(name: str) -> str | None:
    """Return the IANA name for a display name, or None if it is none, or names no area of its offset."""
    match = NAME.fullmatch(name.strip())
    if match is None:
        return None
    sign, hours, minutes, areas = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    return next((zone for zone in _zones_of(areas.lower()) if _standard_offset(zone) == offset), None)


def _zones_of(areas: str) -> Iterator[str]:
    """Yield the zones of the areas in a text, in its order."""
    for area in (areas, *areas.split(",")):
        if area.strip() in REGIONS:
            yield REGIONS[area.strip()]
        yield from _cities().get(area.strip(), ())


@cache
def _cities() -> dict[str, list[str]]:
    """Return the zones by the lower-case city in their names."""
    cities: dict[str, list[str]] = {}
    for name in sorted(available_timezones()):
        region, _, city = name.rpartition("/")
        if region:
            cities.setdefault(city.replace("_", " ").lower(), []).append(name)
    return cities


def _standard_offset(zone: str) -> timedelta | None:
    """Return a zone's offset without daylight saving time, this year."""
    year = datetime.now(UTC).year
    offsets = [datetime(year, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7)]
    return min(offset for offset in offsets if offset is not None)
