"""When mailboxes are busy and when they work. ("calendar: getSchedule", "scheduleInformation resource type")

findMeetingTimes is not offered to apps, so free slots are worked out of this by shared/scheduling/slot_rules.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from shared.errors import GraphUnavailable
from shared.graph.client import GraphClient

MOST_MAILBOXES = 20  # of one call
LONGEST_DAYS = 31  # of one call; Graph's own limit is higher, and has changed
_COARSEST = timedelta(days=1)  # availabilityView, of which nothing is read; the window must not be shorter


class Schedules:
    """Asks for schedules; Calendars.Read is enough for it. Raises GraphError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def of(self, mailboxes: Sequence[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return a scheduleInformation in UTC for each mailbox, in their order, of a day at least.

        The first one's calendar is asked. The call changes nothing, so that it is repeated once, although it is a POST.
        """
        path = f"/users/{quote(mailboxes[0], safe='@')}/calendar/getSchedule"
        body = {"Schedules": list(mailboxes), "StartTime": _in_utc(start),
                "EndTime": _in_utc(max(end, start + _COARSEST)),
                "AvailabilityViewInterval": int(_COARSEST.total_seconds()) // 60}  # fmt: skip
        try:
            response = self._post(path, body)
        except GraphUnavailable as error:
            if error.retry_after is not None:
                raise
            response = self._post(path, body)
        value = response.get("value")
        schedules = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
        by_id = {str(schedule.get("scheduleId")).lower(): schedule for schedule in schedules}
        return [by_id.get(mailbox.lower(), {}) for mailbox in mailboxes]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._graph.call("POST", path, body=body, prefer='outlook.timezone="UTC"')


def _in_utc(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
