"""Read an event. Neither that it is gone nor that it is there is believed before a calendar view of its times says so:
an event in Deleted Items still answers to its immutable id ("Obtain immutable identifiers for Outlook resources").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.dataverse.sides import GONE, Event, EventSide, Unreadable, Why
from shared.errors import GraphError, GraphForbidden, GraphNotFound, GraphUnauthorized
from shared.graph.events import VIEW_LAG, graph_value, is_missing
from shared.graph.marked_events.events import MarkedEvents, mark_in
from shared.graph.time_zones import UnknownZone, zone_named
from shared.utc import parse_utc

TAG = "Tracked to Dynamics 365"  # the category of items that server-side synchronization tracks
LAG = timedelta(seconds=VIEW_LAG)
TYPES = ("singleInstance", "occurrence", "exception", "seriesMaster")
SHOWN_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
LAST_DATES, NEXT_DATES = timedelta(days=31), timedelta(days=366)
Times = tuple[datetime, datetime]


@dataclass(frozen=True)
class EventReader:
    """Reads events of one mailbox at a time. Methods never raise GraphError unless they say so."""

    events: MarkedEvents
    now: Callable[[], datetime]

    def read(self, mailbox: str, event_id: str, times: Times | None) -> EventSide:
        """Return an event. `times`: where it was last seen, for the view that confirms that it is gone."""
        try:
            return self._confirmed(mailbox, event_id, times)
        except GraphError as error:
            return unreadable_of(error)

    def raw(self, mailbox: str, event_id: str) -> dict[str, Any] | None:
        """Return an event as Graph's JSON, None if there is none. Raises GraphError.

        One in Deleted Items answers, too.
        """
        try:
            return self.events.get(mailbox, event_id)
        except GraphError as error:
            if is_missing(error):
                return None
            raise

    def marked(self, mailbox: str, mark: str) -> list[Event]:
        """Return the events with a mark that are in the calendar. Raises GraphError, also while that is unknown."""
        found = [self.read(mailbox, str(each["id"]), None) for each in self.events.find(mailbox, mark)]
        for each in found:
            if isinstance(each, Unreadable):
                raise GraphNotFound(404, "Unconfirmed")
        return [each for each in found if isinstance(each, Event)]

    def tagged(self, mailbox: str, times: Times) -> bool:
        """Return whether an event of Microsoft's sync has exactly these times. Raises GraphError."""
        shown = (event_of(each) for each in self.events.view(mailbox, *times))
        return any(each.is_tagged and (each.start, each.end) == times for each in shown)

    def _confirmed(self, mailbox: str, event_id: str, times: Times | None) -> EventSide:
        raw = self.raw(mailbox, event_id)
        if raw is None:
            is_seen = times is not None and self._is_seen(mailbox, event_id, times)
            return Unreadable() if is_seen else GONE
        event = event_of(raw)
        if self._is_seen(mailbox, event_id, (event.start, event.end)):
            return event
        if event.is_series and self._is_seen(mailbox, event_id, (self.now() - LAST_DATES, self.now() + NEXT_DATES)):
            return event  # its first date was moved or deleted
        modified = modified_of(raw)
        return Unreadable() if modified is not None and self.now() - modified < LAG else GONE

    def _is_seen(self, mailbox: str, event_id: str, times: Times) -> bool:
        view = self.events.view(mailbox, *times)
        return any(event_id in (each.get("id"), each.get("seriesMasterId")) for each in view)


def event_of(raw: Mapping[str, Any]) -> Event:
    """Return the event that Graph's JSON shows. Raises GraphError if its times cannot be read."""
    start, end = _time(raw.get("start")), _time(raw.get("end"))
    if raw.get("isAllDay") is True:
        start, end = _midnight(start, raw), _midnight(end, raw)
    return Event(
        id=str(raw["id"]), etag=str(raw.get("@odata.etag") or ""), start=start, end=end,
        show_as=graph_value(raw.get("showAs"), SHOWN_AS) or "unknown", subject=str(raw.get("subject") or ""),
        sensitivity=str(raw.get("sensitivity") or "normal").lower(),
        kind=graph_value(raw.get("type") or "singleInstance", TYPES) or "seriesMaster",
        is_all_day=raw.get("isAllDay") is True, zone=str(raw.get("originalStartTimeZone") or "UTC"),
        is_cancelled=raw.get("isCancelled") is True, has_attendees=bool(raw.get("attendees")),
        is_organizer=raw.get("isOrganizer") is not False, is_tagged=TAG in (raw.get("categories") or ()),
        series_id=str(raw.get("seriesMasterId") or ""), original_start=_moment(raw.get("originalStart")),
        mark=mark_in(raw), transaction_id=str(raw.get("transactionId") or ""),
        created=_moment(raw.get("createdDateTime")),
    )  # fmt: skip


def modified_of(raw: Mapping[str, Any]) -> datetime | None:
    """Return when an event was changed last, None if that cannot be read."""
    return _moment(raw.get("lastModifiedDateTime"))


def unreadable_of(error: GraphError) -> Unreadable:
    """Return why an event could not be read."""
    if isinstance(error, GraphForbidden | GraphUnauthorized):
        return Unreadable(Why.REFUSED, "Calendars.ReadWrite")
    return Unreadable(Why.NO_MAILBOX if isinstance(error, GraphNotFound) else Why.UNAVAILABLE)


def _time(value: Any) -> datetime:
    """Return a time that Graph gave in UTC, with up to seven digits of a second."""
    text = value.get("dateTime") if isinstance(value, dict) else None
    moment = _moment(f"{text[:19]}Z") if isinstance(text, str) else None
    if moment is None:
        raise GraphError(200, "UnreadableTimes")
    return moment


def _midnight(day: datetime, raw: Mapping[str, Any]) -> datetime:
    """Return midnight in the event's own zone.

    Graph gives an all-day event the midnights of the zone that is asked for ("event resource type": isAllDay).
    """
    try:
        zone = zone_named(str(raw.get("originalStartTimeZone") or "UTC"))
    except UnknownZone:
        return day
    return day.replace(tzinfo=zone.info).astimezone(UTC)


def _moment(value: Any) -> datetime | None:
    try:
        return parse_utc(value) if isinstance(value, str) else None
    except ValueError:
        return None
