"""Names of time zones in iCalendar files."""

from datetime import UTC, datetime

from sandbox.ics_zones import instant, zone_named


def test_zone_names() -> None:
    """An empty name or an absolute path is no zone."""
    assert [zone_named(name) for name in (None, "", "/", "../../etc/passwd")] == [None] * 4
    ten = {"dateTime": "2026-07-15T10:00:00", "timeZone": "Europe/Oslo"}
    assert instant(ten) == datetime(2026, 7, 15, 8, tzinfo=UTC)
