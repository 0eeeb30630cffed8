"""Move the events of a calendar file by whole weeks, so that an old file can be played today. Pure."""

import copy
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.ics_zones import DateTimeTimeZone, graph_time, wall_clock

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def shift_to(events: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Return copies moved by whole weeks: the first begins within seven days after `now` (aware), at its local time.

    Weekdays and wall-clock times stay, also across changes of daylight saving time. The first single event sets the
    shift, since a series may have started long before the rest of its file. A rule bound to days of a month or year
    cannot keep them: it is bound to the new start's day instead and loses its exdates and overrides.
    """
    single = [event for event in events if not event["rrule"]] or list(events)
    if not single:
        return []
    first = min(single, key=lambda event: str(event["start"]["dateTime"]))["start"]
    local_now = now.astimezone(ZoneInfo(first["timeZone"])).replace(tzinfo=None)
    weeks = timedelta(weeks=(local_now - wall_clock(first)) // timedelta(weeks=1) + 1)
    return [_moved(event, weeks) for event in events]


def _moved(event: dict[str, Any], weeks: timedelta) -> dict[str, Any]:
    """Return a copy of one event, moved with its exdates and overrides."""
    moved = copy.deepcopy(event)
    for name in ("start", "end", "recurrenceId"):
        if name in moved:
            moved[name] = _later(moved[name], weeks)
    moved["exdates"] = [_later(exdate, weeks) for exdate in event["exdates"]]
    moved["overrides"] = [_moved(override, weeks) for override in event["overrides"]]
    if event["rrule"] and weeks:
        moved["rrule"] = _moved_rule(moved, weeks)
        if moved["rrule"].startswith(("FREQ=MONTHLY", "FREQ=YEARLY")):
            moved["exdates"], moved["overrides"] = [], []
    return moved


def _later(moment: DateTimeTimeZone, weeks: timedelta) -> DateTimeTimeZone:
    """Return a wall-clock time some weeks later."""
    return graph_time(wall_clock(moment) + weeks, moment["timeZone"])


def _moved_rule(moved: dict[str, Any], weeks: timedelta) -> str:
    """Return the rule of a moved series, with FREQ first."""
    pairs = (part.partition("=") for part in str(moved["rrule"]).upper().split(";") if part)
    parts = {name: value for name, _, value in pairs}
    start = wall_clock(moved["start"])
    if "UNTIL" in parts and not parts["UNTIL"].startswith("9"):  # some programs write the year 9999 for no end
        parts["UNTIL"] = _moved_until(parts["UNTIL"], moved["start"]["timeZone"], weeks)
    if parts.get("FREQ") in ("MONTHLY", "YEARLY"):
        parts = _bound_to(start, parts)
    return ";".join(f"{name}={parts[name]}" for name in sorted(parts, key=lambda name: name != "FREQ"))


def _moved_until(until: str, zone: str, weeks: timedelta) -> str:
    """Return an UNTIL some weeks later by the series' own clock, so that its last occurrence stays in.

    UNTIL is in UTC, whose offset from that clock may differ after the move.
    """
    if len(until) == 8:
        return f"{date.fromisoformat(until) + weeks:%Y%m%d}"
    if not until.endswith("Z"):
        return f"{datetime.fromisoformat(until) + weeks:%Y%m%dT%H%M%S}"
    local = datetime.fromisoformat(until).astimezone(ZoneInfo(zone)).replace(tzinfo=None) + weeks
    return f"{local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _bound_to(start: datetime, parts: dict[str, str]) -> dict[str, str]:
    """Return a monthly or yearly rule that begins at `start`: on its weekday of the month, or on its day."""
    kept = {name: value for name, value in parts.items() if not (name.startswith("BY") or name == "WKST")}
    if parts["FREQ"] == "YEARLY":
        kept["BYMONTH"] = str(start.month)
    if "BYDAY" in parts:
        week = (start.day - 1) // 7 + 1
        return kept | {"BYDAY": f"{week if week < 5 else -1}{_DAYS[start.weekday()]}"}
    return kept | {"BYMONTHDAY": str(start.day)}
