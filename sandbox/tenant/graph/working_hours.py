"""Working hours, as getSchedule tells them.

Graph: workingHours, timeZoneBase, customTimeZone, standardTimeZoneOffset and daylightTimeZoneOffset resource types.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.tenant.graph import types
from sandbox.tenant.graph.errors import GraphError
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.zones import WINDOWS, zone_info
from sandbox.tenant.state import Mailbox

OFFICE_HOURS: dict[str, Any] = {
    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "startTime": "08:00:00.0000000",
    "endTime": "17:00:00.0000000",
    "timeZone": {"name": "Pacific Standard Time"},
}
"""Exchange's default working hours."""
CUSTOM = "Customized Time Zone"
FORMER = {"Asia/Kamchatka": "Kamchatka Standard Time", "Etc/GMT+2": "Mid-Atlantic Standard Time"}
"""Names that Exchange keeps though Windows shows them as old."""
WINDOWS_NAMES = {iana: name for name, iana in WINDOWS.items() if not name.startswith("tzone:")}


def checked_hours(body: dict[str, Any]) -> dict[str, Any]:
    """Return working hours that match Graph's type and have a known zone. Raises ValueError."""
    try:
        types.check("workingHours", _with_its_base_zone(body))
    except GraphError as error:
        raise ValueError(error.message) from error
    if missing := OFFICE_HOURS.keys() - body.keys():
        raise ValueError(f"missing: {', '.join(sorted(missing))}")
    if "bias" not in body["timeZone"]:
        zone_info(str(body["timeZone"].get("name")))
    return body


def hours_of(graph: Graph, mailbox: Mailbox) -> dict[str, Any]:
    """Return a mailbox's working hours, as the behaviours that are on tell them."""
    hours = {**(mailbox.working_hours or OFFICE_HOURS)}
    if mailbox.working_hours is None and (zone := graph.calendar(mailbox).zone):
        hours["timeZone"] = {"name": WINDOWS_NAMES.get(zone, zone)}
    if end := graph.switches.choice("hoursToMidnight", mailbox.address):
        hours["endTime"] = end
    name = hours["timeZone"].get("name")
    if "bias" not in hours["timeZone"]:
        if graph.switches.is_on("zoneByRules", mailbox.address):
            hours["timeZone"] = zone_by_rules(name, graph.clock.now().year)
        else:
            hours["timeZone"] = {"name": _spelled(name, graph.switches.choice("zoneNameSpelled", mailbox.address))}
    return hours


def zone_by_rules(name: str, year: int) -> dict[str, Any]:
    """Return a zone as Graph's customTimeZone; by its name if the rules of a year do not hold in the next one."""
    rules = _rules(name, year)
    if rules is None or rules != _rules(name, year + 1):
        return {"name": name}
    return {"@odata.type": "#microsoft.graph.customTimeZone", "name": CUSTOM, **rules}


def _rules(name: str, year: int) -> dict[str, Any] | None:
    """Return the bias and the two changes of clocks of a year; None unless there are two, or none."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(366)]
    biases = [_bias(day, name) for day in days]
    changed = [day for day, now, later in zip(days, biases, biases[1:], strict=False) if now != later]
    rules: dict[str, Any] = {"bias": max(biases)}
    for day in changed:
        moment = next(each for each in _quarters(day) if _bias(each, name) != _bias(day, name))
        rule, more = _rule(moment, _bias(day, name)), _bias(moment, name) - rules["bias"]
        rules |= {"daylightOffset": {"daylightBias": more, **rule}} if more else {"standardOffset": rule}
    return rules if len(changed) in (0, 2) else None


def _with_its_base_zone(body: dict[str, Any]) -> dict[str, Any]:
    """Return working hours with a customTimeZone reduced to its base type, the only published one."""
    zone = body.get("timeZone")
    return body | {"timeZone": {"name": zone.get("name")}} if isinstance(zone, dict) and "bias" in zone else body


def _spelled(name: str, spelling: str) -> str:
    """Return the name of a zone in another spelling."""
    iana = WINDOWS.get(name, name)
    return {"capitals": name.upper(), "iana": iana, "former": FORMER.get(iana, name)}.get(spelling, name)


def _bias(moment: datetime, name: str) -> int:
    """Return what has to be added to local time to get UTC, in minutes."""
    offset = moment.astimezone(zone_info(name)).utcoffset() or timedelta()
    return -int(offset / timedelta(minutes=1))


def _quarters(day: datetime) -> list[datetime]:
    """Return the quarters of an hour after the start of a day."""
    return [day + number * timedelta(minutes=15) for number in range(1, 4 * 24 + 1)]


def _rule(moment: datetime, before: int) -> dict[str, Any]:
    """Return the rule of a change, in local time by the bias from before it; 5 is a month's last week."""
    local = moment - timedelta(minutes=before)
    is_last = local.day + 7 > monthrange(local.year, local.month)[1]
    return {
        "time": f"{local:%H:%M:%S}.0000000",
        "dayOccurrence": 5 if is_last else (local.day - 1) // 7 + 1,
        "dayOfWeek": f"{local:%A}".lower(),
        "month": local.month,
        "year": 0,
    }
