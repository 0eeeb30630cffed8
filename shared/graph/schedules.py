"""When mailboxes are busy and when they work. ("calendar: getSchedule", "scheduleInformation resource type")

Graph does not offer findMeetingTimes to apps; shared/scheduling/slot_rules.py computes free slots from schedules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from shared.errors import GraphUnavailable
from shared.graph.client import GraphClient

MOST_MAILBOXES = 20  # per call
LONGEST_DAYS = 31  # per call; Graph's own limit is higher, and has changed
_COARSEST = timedelta(days=1)  # interval of availabilityView, which is unused; the window must not be shorter


class Schedules:
    """Reads schedules; needs only Calendars.Read. Raises GraphError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def of(self, mailboxes: Sequence[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return a scheduleInformation in UTC for each mailbox, in their order, for at least a day.

        The call goes to the first mailbox's calendar. Although it is a POST, it is retried once: it changes nothing.
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
