"""What a caller asks of calendars beside the bodies of events, checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import Field

from shared.graph.calendars import PAGE_PLACES
from shared.relay.calendars import Asked
from shared.relay.event_request import Given, Line, read_body
from shared.relay.moments import check_order, read_moment, read_zone, refused

LONGEST_VIEW = timedelta(days=1_825)  # "List calendarView"
LONGEST_PLACE = 2_000


class NewCalendar(Given):
    """A calendar to be made, by a name that the mailbox has not yet."""

    name: Line = Field(min_length=1)


class Cancellation(Given):
    """Why a meeting is cancelled; its attendees read it. An empty body means no comment."""

    comment: str = Field(default="", max_length=1_000)


def read_new_calendar(content: dict[str, Any]) -> NewCalendar:
    """Return the body of a call that makes a calendar. Raises SetupRefused 422."""
    wanted = read_body(NewCalendar, content)
    if not wanted.name.strip():
        raise refused("name: must not be blank")
    return wanted


def read_cancellation(content: dict[str, Any]) -> Cancellation:
    """Return the body of a call that cancels. Raises SetupRefused 422."""
    return read_body(Cancellation, content)


def read_asked(params: Mapping[str, str], size: int) -> Asked:
    """Return which part of a calendar the query of a call asks for. Raises SetupRefused 422."""
    zone = read_zone(params.get("timeZone"))
    # A plus sign that nobody escaped arrives as a blank.
    start, end = (read_moment(name, params.get(name, "").replace(" ", "+"), zone) for name in ("start", "end"))
    check_order(start, end, LONGEST_VIEW)
    return Asked((start.utc, end.utc), size, _place(params.get("after", "")))


def written_place(place: Mapping[str, str]) -> str:
    """Return where a page begins as `after` says it."""
    return urlencode({name.removeprefix("$"): value for name, value in place.items()})


def _place(after: str) -> dict[str, str]:
    """Return where a page begins, in Graph's parameters; a caller can name no others."""
    given = {f"${name}": value for name, value in parse_qsl(after)}
    if len(after) > LONGEST_PLACE or not given.keys() <= set(PAGE_PLACES) or (after and not given):
        raise refused("after: follow nextLink as it is")
    return given
