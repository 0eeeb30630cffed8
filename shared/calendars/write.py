"""Write events whose request depends on how the event stands: whom it invites already, and whether it is online.

The link to a Teams meeting is told only to the call that made the meeting online: whoever has it can join.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared import problems
from shared.api.fields import invalid
from shared.calendars.recurrence import is_on_its_days
from shared.calendars.requests import EventChange
from shared.errors import GraphError, GraphNotFound, RequestRejected
from shared.partner.payload import detailed_event, etag_of
from shared.policy.invitees import refused

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.calendars import Calendars

TRIES = 3  # while others change the event between its reading and its change
CHANGED = 412
ANY_STATE = "*"  # in If-Match
BEFORE = frozenset({"attendees", "isOnlineMeeting", "onlineMeeting"})
MOST_NAMED = 5
WITHHELD, NOT_YET = "not_told", "not_yet"


@dataclass(frozen=True)
class EventWriter:
    """Changes events, and answers calls that write. Methods raise RequestRejected and GraphError."""

    settings: Settings
    calendars: Calendars

    def change(
        self, mailbox: str, event_id: str, request: EventChange, changes: Mapping[str, Any], etag: str | None
    ) -> dict[str, Any]:
        """Change an event and return the public one; with an etag, only if the event still has it. `changes`: the
        request in Graph's form.
        """
        if "start" in changes and "recurrence" not in changes:
            self._check_days(mailbox, event_id, changes)
        if request.teams_meeting or refused(self.settings, addresses_of(request)):
            return self._change_as_it_stands(mailbox, event_id, request, changes, None if etag == ANY_STATE else etag)
        event = self.calendars.change_event(mailbox, event_id, changes, etag)
        return self.answer(mailbox, event, request, with_link=False)

    def _change_as_it_stands(
        self, mailbox: str, event_id: str, request: EventChange, changes: Mapping[str, Any], etag: str | None
    ) -> dict[str, Any]:
        """Read the event, and change it if it is still the same; without the caller's etag, try again if it is not."""
        tries = TRIES if etag is None else 1
        while True:
            before = self.calendars.get(mailbox, event_id, BEFORE)
            self.check_invitees(request, _invited_to(before))
            try:
                event = self.calendars.change_event(mailbox, event_id, changes, etag or etag_of(before))
            except GraphError as error:
                tries -= 1
                if error.status != CHANGED or not tries:
                    raise
                continue
            is_first = not _is_online(before) and etag in (None, etag_of(before))
            return self.answer(mailbox, event, request, with_link=is_first)

    def _check_days(self, mailbox: str, event_id: str, changes: Mapping[str, Any]) -> None:
        """Raise RequestRejected 422 for a new start that is none of the days of the series: Graph's results are then
        undefined. An event that Graph does not find may be too new to be read.
        """
        try:
            recurrence = self.calendars.get(mailbox, event_id, {"recurrence"}).get("recurrence")
        except GraphNotFound:
            return
        if recurrence and not is_on_its_days(recurrence, changes["start"], all_day=changes["isAllDay"]):
            raise invalid("recurrence: start is none of the days of this series. Give its new recurrence, too")

    def check_invitees(self, request: EventChange, invited: Collection[str] = ()) -> None:
        """Raise RequestRejected 403 for attendees whom INVITEES does not allow, unless they are invited already."""
        if places := refused(self.settings, addresses_of(request), invited):
            named = ", ".join(f"attendees.{place}" for place in places[:MOST_NAMED])
            text = f"{named}: the customer's INVITEES does not allow to invite them."
            raise RequestRejected(problems.INVITEE_NOT_ALLOWED, text)

    def answer(self, mailbox: str, event: dict[str, Any], request: EventChange, *, with_link: bool) -> dict[str, Any]:
        """Return the public event; if the request asks for a Teams meeting, with its link or why there is none."""
        public = detailed_event(event, self.settings.details) | {"etag": etag_of(event)}
        if not request.teams_meeting:
            return public
        link = (_link_in(event) or self._link_of(mailbox, public["id"])) if with_link else None
        missing = None if link else NOT_YET if with_link else WITHHELD
        return public | {"joinUrl": link, "joinUrlMissing": missing}

    def _link_of(self, mailbox: str, event_id: str) -> str | None:
        """Read the link, which Graph may leave out at first. The event is written: no error of this call matters."""
        try:
            return _link_in(self.calendars.get(mailbox, event_id, {"onlineMeeting"}))
        except GraphError:
            return None


def addresses_of(request: EventChange) -> list[str]:
    """Return the addresses of the attendees that a request names, as they are sent."""
    return [attendee.address.strip().lower() for attendee in request.attendees]


def _invited_to(event: Mapping[str, Any]) -> frozenset[str]:
    """Return the addresses of an event's attendees, in lower case."""
    attendees = event.get("attendees")
    addresses = (each.get("emailAddress") for each in attendees or () if isinstance(each, Mapping))
    return frozenset(str(each.get("address")).lower() for each in addresses if isinstance(each, Mapping))


def _is_online(event: Mapping[str, Any]) -> bool:
    return event.get("isOnlineMeeting") is True or _link_in(event) is not None


def _link_in(event: Mapping[str, Any]) -> str | None:
    online = event.get("onlineMeeting")
    link = online.get("joinUrl") if isinstance(online, Mapping) else None
    return link if isinstance(link, str) and link else None
