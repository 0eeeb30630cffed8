"""Lengths of time as Microsoft Graph writes them. Pure. ("Edm.Duration": days, hours, minutes and seconds)"""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(
    r"P(?:(?P<days>\d{1,6})D)?T?(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?"
    r"(?:(?P<seconds>\d{1,6}(?:\.\d{1,12})?)S)?"
)


def parse_duration(text: object) -> timedelta | None:
    """Return a length such as PT1H30M or P10D, or None for what is none. Graph's samples leave the T out at times."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    parts = {name: float(value) for name, value in match.groupdict().items() if value} if match else {}
    return timedelta(**parts) if parts else None


def format_duration(length: timedelta) -> str:
    """Return a length of whole seconds in Graph's form."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"PT{minutes}M{seconds}S" if seconds else f"PT{minutes}M"
