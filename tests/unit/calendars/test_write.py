"""An event that is changed as it stands: between its reading and its change nobody else changes it unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.calendars.requests import graph_event, read_change
from shared.calendars.write import EventWriter
from shared.config import Settings
from shared.errors import GraphRejected, RequestRejected
from tests.support.world import SETTINGS

LINK = {"joinUrl": "https://teams.microsoft.com/l/meetup-join/x"}


@dataclass
class Calendars:
    """One event; `meanwhile` are what others do after each reading of it."""

    meanwhile: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)
    event: dict[str, Any] = field(default_factory=lambda: {
        "id": "E", "@odata.etag": 'W/"1"', "subject": "x", "isOnlineMeeting": False, "onlineMeeting": None,
        "start": {"dateTime": "2026-12-01T08:00:00", "timeZone": "UTC"}, "attendees": [],
        "end": {"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"},
    })  # fmt: skip

    def get(self, _mailbox: str, _event_id: str, _details: Collection[str]) -> dict[str, Any]:
        """Return the event; then another changes it."""
        seen = dict(self.event)
        if self.meanwhile:
            self.meanwhile.pop(0)(self.event)
            self.touch()
        return seen

    def change_event(
        self, _mailbox: str, _event_id: str, changes: Mapping[str, Any], etag: str | None
    ) -> dict[str, Any]:
        """Change the event if it has the etag."""
        if etag not in (None, "*", self.event["@odata.etag"]):
            raise GraphRejected(412, "ErrorIrresolvableConflict")
        self.event |= changes
        if changes.get("isOnlineMeeting"):
            self.event["onlineMeeting"] = LINK
        self.touch()
        return dict(self.event)

    def touch(self) -> None:
        """Give the event another etag."""
        self.event["@odata.etag"] = f'W/"{int(self.event["@odata.etag"][3:-1]) + 1}"'


def go_online(event: dict[str, Any]) -> None:
    """Make the event a Teams meeting, as another caller does."""
    event |= {"isOnlineMeeting": True, "onlineMeeting": LINK}


def rename(event: dict[str, Any]) -> None:
    """Change the title."""
    event["subject"] = "y"


def change(calendars: Calendars, body: dict[str, Any], etag: str | None = None, **settings: str) -> dict[str, Any]:
    """Change the event as a caller asks."""
    unused: Any = calendars
    request = read_change(body)
    writer = EventWriter(Settings.load(SETTINGS | settings), unused)
    return writer.change("room1@contoso.com", "E", request, graph_event(request), etag)


@pytest.mark.parametrize("etag", [None, "*"])
def test_the_second_call_gets_no_link(etag: str | None) -> None:
    """Another call makes the meeting online between the reading and the change."""
    answer = change(Calendars([go_online]), {"teamsMeeting": True}, etag)
    assert (answer["joinUrl"], answer["joinUrlMissing"]) == (None, "not_told")


def test_another_change_does_not_cost_the_link() -> None:
    """The event is read again, up to three times; then the caller hears that it changes."""
    answer = change(Calendars([rename, rename]), {"teamsMeeting": True})
    assert (answer["joinUrl"], answer["joinUrlMissing"]) == (LINK["joinUrl"], None)
    calendars = Calendars([rename, rename, rename, rename])
    with pytest.raises(GraphRejected) as caught:
        change(calendars, {"teamsMeeting": True})
    assert (caught.value.status, len(calendars.meanwhile)) == (412, 1)


def test_an_etag_of_the_caller_counts() -> None:
    """It is sent as it is and only once; an event that was read with another one tells no link."""
    calendars = Calendars([rename])
    with pytest.raises(GraphRejected):
        change(calendars, {"teamsMeeting": True}, 'W/"1"')
    assert change(Calendars(), {"teamsMeeting": True}, 'W/"1"')["joinUrl"] == LINK["joinUrl"]
    stale = Calendars([go_online])
    assert change(stale, {"teamsMeeting": True}, 'W/"2"')["joinUrlMissing"] == "not_told"


def test_an_attendee_that_left_meanwhile_stays_away() -> None:
    """The attendee stood on the event when it was read, and not when it was changed."""
    guest = {"emailAddress": {"address": "Guest@fabrikam.com"}}
    calendars = Calendars([lambda event: event.update(attendees=[])])
    calendars.event["attendees"] = [guest]
    body = {"attendees": [{"address": "guest@fabrikam.com"}]}
    with pytest.raises(RequestRejected, match="INVITEES"):
        change(calendars, body, INVITEES="none")
    assert calendars.event["attendees"] == []
