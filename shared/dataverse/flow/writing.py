"""Carry out what was decided on the side of Outlook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from shared.dataverse.decision import ChangeEvent, Decision, MakeEvent
from shared.dataverse.ids import mark_of
from shared.dataverse.reading.events import EventReader, event_of
from shared.dataverse.sides import Event, Unreadable
from shared.errors import GraphError, GraphUnavailable, RelayError
from shared.graph.events import is_missing
from shared.graph.marked_events.events import MarkedEvents
from shared.graph.time_zones import UnknownZone, zone_named
from shared.storage.pairs.pair import Former

DUPLICATE = "ErrorDuplicateTransactionId"


class TransactionUsed(RelayError):
    """The transactionId was used by an event that is gone: the next generation has another."""


class AllowedMailboxes(Protocol):
    """Says which mailbox may be written at this moment."""

    def mailbox(self, watch_id: str) -> str:
        """Return the mailbox of a watch, "" if it may not be written."""


@dataclass(frozen=True)
class PairWriter:
    """Writes events. `states` is asked right before each write. Methods raise GraphError."""

    events: MarkedEvents
    reader: EventReader
    states: AllowedMailboxes

    def write(self, write: MakeEvent | ChangeEvent) -> Event:
        """Make or change an event and return it as Graph answered. Raises TransactionUsed, too."""
        if isinstance(write, MakeEvent):
            return self._created(write)
        return self._changed(write.watch_id, write.event_id, _changes(write), write.etag)

    def remove(self, formers: Iterable[Former], organization: str, booking_id: str) -> list[Former]:
        """Remove events and return those that could not be removed now. What got attendees is left as it is."""
        left: list[Former] = []
        for former in formers:
            mailbox = self.states.mailbox(former.watch_id)
            if not mailbox:
                left.append(former)
                continue
            for event in self._present(mailbox, former, mark_of(organization, booking_id)):
                if event.is_plain:
                    self._remove(former.watch_id, event.id)
        return left

    def _created(self, write: MakeEvent) -> Event:
        body = {
            "subject": write.subject, "showAs": write.show_as, "isReminderOn": False,
            "start": _in_zone(write.start, "UTC"), "end": _in_zone(write.end, "UTC"),
        }  # fmt: skip
        mailbox = self._mailbox(write.watch_id)
        try:
            made = event_of(self.events.create(mailbox, body, write.mark, write.transaction_id))
        except GraphError as error:
            if error.code != DUPLICATE:
                raise
            made = self._earlier(mailbox, write, error.existing_id)
        if made.is_plain and (made.start, made.end, made.subject) != (write.start, write.end, write.subject):
            body = {name: body[name] for name in ("subject", "start", "end")}  # an earlier attempt made it
            made = self._changed(write.watch_id, made.id, body, made.etag)
        return replace(made, mark=write.mark)

    def _changed(self, watch_id: str, event_id: str, body: dict[str, Any], etag: str) -> Event:
        return event_of(self.events.change(self._mailbox(watch_id), event_id, body, etag))

    def _earlier(self, mailbox: str, write: MakeEvent, event_id: str) -> Event:
        """Return the event that an earlier attempt made: the one that Graph names, or else the one with the mark."""
        if event_id:
            named = event_of(self.events.get(mailbox, event_id))
            if named.mark == write.mark:
                return named
        same = [each for each in self.reader.marked(mailbox, write.mark) if each.transaction_id == write.transaction_id]
        if not same:
            raise TransactionUsed
        return same[0]

    def _present(self, mailbox: str, former: Former, mark: str) -> list[Event]:
        """Return the event of a former, as it is now; one without an id is looked up by its mark."""
        if not former.event_id:
            marked = self.reader.marked(mailbox, mark)
            return [each for each in marked if each.transaction_id == former.transaction_id]
        side = self.reader.read(mailbox, former.event_id, None)
        if isinstance(side, Unreadable):
            raise GraphUnavailable(0, "Unconfirmed")
        return [side] if isinstance(side, Event) else []

    def _remove(self, watch_id: str, event_id: str) -> None:
        try:
            self.events.remove(self._mailbox(watch_id), event_id)
        except GraphError as error:
            if not is_missing(error):
                raise

    def _mailbox(self, watch_id: str) -> str:
        """Return the mailbox of a watch, which must still be allowed: an answer holds for one write."""
        mailbox = self.states.mailbox(watch_id)
        if not mailbox:
            raise GraphUnavailable(0, "NotAllowedNow")
        return mailbox


def left_of(decision: Decision, left: list[Former]) -> list[Former]:
    """Return the former events of a decision's pair, those that could not be removed as still to be removed."""
    formers = decision.after.formers() if decision.after is not None else ()
    ids = {each.event_id for each in left}
    return [each._replace(is_removed=False) if each.event_id in ids else each for each in formers]


def _changes(write: ChangeEvent) -> dict[str, Any]:
    body: dict[str, Any] = {}
    zone = write.zone if write.ends_all_day else "UTC"
    if write.start is not None and write.end is not None:
        body |= {"start": _in_zone(write.start, zone), "end": _in_zone(write.end, zone)}
    if write.ends_all_day:
        body["isAllDay"] = False
    if write.subject is not None:
        body["subject"] = write.subject
    if write.show_as is not None:
        body["showAs"] = write.show_as
    return body


def _in_zone(moment: datetime, zone: str) -> dict[str, str]:
    """Return a time in a zone; in UTC if Graph's name of the zone is not known here."""
    try:
        found = zone_named(zone)
        local, name = moment.astimezone(found.info), found.name
    except UnknownZone:
        local, name = moment.astimezone(UTC), "UTC"
    return {"dateTime": local.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": name}
