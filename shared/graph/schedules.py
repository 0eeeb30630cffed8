"""When mailboxes are busy and when they work. ("calendar: getSchedule", "scheduleInformation resource type")

Graph does not offer findMeetingTimes to apps; shared/scheduling/slot_rules.py computes free slots from schedules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from shared.errors import GraphError, GraphForbidden, GraphNotFound, GraphUnavailable
from shared.graph.client import GraphClient

MOST_MAILBOXES = 20  # per call
MOST_TRIED = 3  # mailboxes whose calendar is asked, one after the other
LONGEST_DAYS = 31  # per call; Graph's own limit is higher, and has changed
_COARSEST = timedelta(days=1)  # interval of availabilityView; the window must not be shorter


class Schedules:
    """Reads schedules; needs only Calendars.Read. Raises GraphError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def of(self, mailboxes: Sequence[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return a scheduleInformation in UTC for each mailbox, in their order, for at least a day.

        The call goes to the first mailbox's calendar, or to the next one's if Graph refuses it for that mailbox alone.
        """
        errors: list[GraphError] = []
        for mailbox in mailboxes[:MOST_TRIED]:
            try:
                return self.in_name_of(mailbox, mailboxes, start, end)
            except GraphError as error:
                if not is_about_mailbox(error):
                    raise
                errors.append(error)
        raise errors[0]

    def in_name_of(
        self, mailbox: str, mailboxes: Sequence[str], start: datetime, end: datetime
    ) -> list[dict[str, Any]]:
        """Return the same from the calendar of one mailbox, whose permission Graph asks for.

        The window is extended to whole intervals, so that availabilityView shows nothing that the items leave out.
        Although the call is a POST, it is retried once: it changes nothing.
        """
        intervals = max(1, -((start - end) // _COARSEST))  # rounded up
        body = {"Schedules": list(mailboxes), "StartTime": _in_utc(start),
                "EndTime": _in_utc(start + intervals * _COARSEST),
                "AvailabilityViewInterval": int(_COARSEST.total_seconds()) // 60}  # fmt: skip
        response = self._post(f"/users/{quote(mailbox, safe='@')}/calendar/getSchedule", body)
        value = response.get("value")
        schedules = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
        by_id = {str(schedule.get("scheduleId")).lower(): schedule for schedule in schedules}
        return [by_id.get(mailbox.lower(), {}) for mailbox in mailboxes]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        call = partial(self._graph.call, "POST", path, body=body, prefer='outlook.timezone="UTC"')
        try:
            return call()
        except GraphUnavailable as error:
            if error.retry_after is not None or is_about_mailbox(error):
                raise
            return call()


def is_about_mailbox(error: GraphError) -> bool:
    """Return whether an error is about the mailbox in the path: not found, out of the app's scope, or being moved."""
    return isinstance(error, (GraphNotFound, GraphForbidden)) or "mailbox" in error.code.lower()


def _in_utc(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
