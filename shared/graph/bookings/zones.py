"""The time zone names of Bookings: IANA names, Windows names and Windows display names. Pure.

("dateTimeTimeZone resource type"; the samples of "bookingBusiness: getStaffAvailability" show the third kind)
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from shared.graph.time_zones import UnknownZone, zone_named

_DISPLAY_NAME = re.compile(r"\(UTC(?:([+-])(\d\d):(\d\d))?\) .+")


def zone_of(name: object) -> tzinfo | None:
    """Return the zone of a name, or None if the name is unknown."""
    try:
        return zone_named(name).info if isinstance(name, str) else None
    except UnknownZone:
        return None


def zone_displayed(name: object, likely: tzinfo | None) -> tzinfo | None:
    """Return the zone of a name, also of a display name such as "(UTC-08:00) Pacific Time (US & Canada)".

    A display name contains only the offset in winter: the result is `likely` if that zone has the same offset.
    """
    zone = zone_of(name)
    match = _DISPLAY_NAME.fullmatch(name) if isinstance(name, str) and zone is None else None
    if match is None or likely is None:
        return zone
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    winters = (datetime(2026, month, 1, tzinfo=likely).utcoffset() for month in (1, 7))
    return likely if offset in winters else None
