"""Durations in Microsoft Graph's format. Pure. ("Edm.Duration": days, hours, minutes and seconds)"""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(
    r"P(?:(?P<days>\d{1,6})D)?T?(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?"
    r"(?:(?P<seconds>\d{1,6}(?:\.\d{1,12})?)S)?"
)


def parse_duration(text: object) -> timedelta | None:
    """Return a duration such as PT1H30M or P10D, or None if it is not one. Some of Graph's samples omit the T."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    parts = {name: float(value) for name, value in match.groupdict().items() if value} if match else {}
    return timedelta(**parts) if parts else None


def format_duration(length: timedelta) -> str:
    """Return a duration of whole seconds in Graph's format."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"PT{minutes}M{seconds}S" if seconds else f"PT{minutes}M"
