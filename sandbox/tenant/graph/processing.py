"""Writes to calendars, and the processing of bookings by rooms.

Exchange: Set-CalendarProcessing. A room that accepts automatically replaces the subject by its organizer's name, clears
the body and removes the private flag, seconds after the booking; events written directly to its calendar stay
unchanged.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.tenant.graph.event import Event
from sandbox.tenant.state import Mailbox

if TYPE_CHECKING:
    from sandbox.tenant.graph.service import Graph

CANCELLED = "Canceled: "
"""Outlook's prefix for the subject of a cancelled meeting."""


@dataclass(frozen=True)
class RoomRules:
    """A room's calendar processing, with Exchange's defaults."""

    delete_subject: bool = True
    add_organizer_to_subject: bool = True
    delete_comments: bool = True
    remove_private_property: bool = True

    def processed(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return an event's fields after the room's processing."""
        organizer = fields["organizer"]["emailAddress"]
        name = organizer.get("name") or organizer["address"]
        subject = "" if self.delete_subject else fields["subject"].removeprefix(CANCELLED)
        if self.add_organizer_to_subject and not subject.startswith(name):
            subject = f"{name} {subject}".strip()
        if fields["isCancelled"]:
            subject = CANCELLED + subject
        changed: dict[str, Any] = {**fields, "subject": subject}
        if self.delete_comments:
            changed["body"] = {**fields["body"], "content": ""}
        if self.remove_private_property and fields["sensitivity"] == "private":
            changed["sensitivity"] = "normal"
        return changed


class Processing:
    """All writes to calendars, so that each sets a new etag and sends notifications."""

    def __init__(self, graph: "Graph") -> None:
        self._graph = graph
        self.rules: dict[str, RoomRules] = {}
        """By mailbox id; other rooms have Exchange's defaults."""
        self.pending: dict[str, tuple[Mailbox, Event]] = {}
        """Events that a room will process, by ordinary id."""

    def created(self, mailbox: Mailbox, event: Event) -> None:
        """Store a new event and announce it."""
        self._graph.calendar(mailbox).add(event)
        self._graph.note(mailbox, event)
        self._graph.sender.announce(mailbox, "created", event)
        self._process_later(mailbox, event)

    def updated(self, mailbox: Mailbox, event: Event) -> None:
        """Give a changed event a new etag and announce it; a changed occurrence becomes an exception."""
        self._touch(mailbox, event)
        self._process_later(mailbox, event)

    def deleted(self, mailbox: Mailbox, event: Event) -> None:
        """Remove an event and announce it; removing an occurrence updates its series."""
        self._graph.calendar(mailbox).remove(event)
        self._graph.note(mailbox, event)
        if event.master is None:
            self._graph.sender.announce(mailbox, "deleted", event)
        else:
            event.master.touch(self._graph.clock.now())
            self._graph.sender.announce(mailbox, "updated", event.master)

    def moved_to_deleted_items(self, mailbox: Mailbox, event: Event) -> None:
        """Move a single event to Deleted Items, as Outlook deletes, and announce its deletion, or a change, or both."""
        hint = self._graph.switches.choice("deletedItemsHint", mailbox.address, event.change_key)
        for change in {"": ("deleted",), "both": ("updated", "deleted")}.get(hint, (hint,)):
            self._graph.sender.announce(mailbox, change, event)
        self._graph.calendar(mailbox).move_to_deleted_items(event)
        event.touch(self._graph.clock.now())
        self._graph.note(mailbox, event)
        if seconds := float(self._graph.setting("deletedItemsSeconds")):
            due = self._graph.clock.now() + timedelta(seconds=seconds)
            self._graph.sender.start(self._delete_for_good_at(mailbox, event.id, due))

    def restored(self, mailbox: Mailbox, event: Event) -> None:
        """Move an event back from Deleted Items, and announce it as a new one: Microsoft does not document how."""
        self._graph.calendar(mailbox).restore(event)
        event.touch(self._graph.clock.now())
        self._graph.note(mailbox, event)
        self._graph.sender.announce(mailbox, "created", event)

    async def _delete_for_good_at(self, mailbox: Mailbox, event_id: str, due: datetime) -> None:
        """Delete an event that still lies in Deleted Items at a time; nobody is notified."""
        await self._graph.clock.until(due)
        calendar = self._graph.calendar(mailbox)
        if (event := calendar.deleted_items.get(event_id)) is not None:
            calendar.remove(event)

    def finish(self) -> int:
        """Let the rooms process all pending events now; return their number."""
        waiting = list(self.pending)
        for event_id in waiting:
            self._process(event_id)
        return len(waiting)

    def _touch(self, mailbox: Mailbox, event: Event) -> None:
        """Record a write and announce it."""
        now = self._graph.clock.now()
        event.touch(now)
        if event.master is not None:
            # Exchange stores exceptions in the series' item, so the master changes with them.
            event.master.touch(now)
            self._graph.calendar(mailbox).keep_exception(event)
        self._graph.note(mailbox, event)
        self._graph.sender.announce(mailbox, "updated", event)

    def _process_later(self, mailbox: Mailbox, event: Event) -> None:
        """Let a room process a booking after flipSeconds, if that would change anything."""
        rules = self.rules.get(mailbox.id, RoomRules())
        if mailbox.kind != "room" or not event.booked or rules.processed(event.fields) == event.fields:
            return
        if event.id not in self.pending:
            self.pending[event.id] = (mailbox, event)
            due = self._graph.clock.now() + timedelta(seconds=float(self._graph.setting("flipSeconds")))
            self._graph.sender.start(self._process_at(event.id, due))

    async def _process_at(self, event_id: str, due: Any) -> None:
        """Process an event at a time."""
        await self._graph.clock.until(due)
        await asyncio.sleep(0)
        self._process(event_id)

    def _process(self, event_id: str) -> None:
        """Apply the room's rules, unless the event was deleted or already processed."""
        mailbox, event = self.pending.pop(event_id, (None, None))
        if mailbox is None or event is None or self._graph.calendar(mailbox).find(event_id) is None:
            return
        event.fields = self.rules.get(mailbox.id, RoomRules()).processed(event.fields)
        self._touch(mailbox, event)
