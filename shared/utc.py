"""Moments in UTC as texts of ISO 8601. Standard library only."""

from __future__ import annotations

from datetime import UTC, datetime


def format_utc(moment: datetime) -> str:
    """Return a moment as the contract and Graph's queries have it: UTC, whole seconds, Z."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_utc(text: str) -> datetime:
    """Return a moment that is written with its zone, in UTC. Raises ValueError, also for one that UTC cannot name."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without a zone it could be any moment of a day")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("before the first year or after the last") from None
