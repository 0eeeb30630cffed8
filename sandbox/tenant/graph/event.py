"""An event as the simulated Exchange stores it.

Graph: event resource type.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph.ids import new_change_key, new_pair, occurrence_pair
from sandbox.tenant.graph.series import Rule
from sandbox.tenant.graph.zones import Moment

Ids = tuple[str, str]
DEFAULTS: dict[str, Any] = {
    "subject": "",
    "body": {"contentType": "html", "content": ""},
    "showAs": "busy",
    "sensitivity": "normal",
    "importance": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "attendees": [],
    "location": {"displayName": ""},
    "categories": [],
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
}
"""Default values of the properties that are stored in Graph's form."""


@dataclass
class Event:
    """One stored event, or an occurrence created for a response.

    `fields` holds properties in Graph's form; `ids` are the ordinary and the immutable id.
    """

    start: Moment
    end: Moment
    fields: dict[str, Any]
    created: datetime
    modified: datetime
    ids: Ids = field(default_factory=new_pair)
    change_key: str = field(default_factory=new_change_key)
    uid: str = ""
    type: str = "singleInstance"
    rule: Rule | None = None
    master: "Event | None" = None
    """The series of an occurrence or exception."""
    original_start: Moment | None = None
    folder: str = ""
    """The id of its calendar; empty for the mailbox's default calendar."""
    transaction: str | None = None
    """The transactionId with which an app created it."""
    join_url: str = ""
    """The link of its Teams meeting; empty without one."""
    properties: dict[str, str] = field(default_factory=dict)
    """Extended properties by id; occurrences have those of their series. Replaced, never changed."""
    booked: bool = False
    """Booked by an organizer, so that the room's calendar processing applies; false if written directly."""

    @property
    def id(self) -> str:
        """The ordinary id."""
        return self.ids[0]

    @property
    def etag(self) -> str:
        """The weak entity tag, which changes with the change key."""
        return f'W/"{self.change_key}"'

    @property
    def length(self) -> timedelta:
        """The length by the clock of the zone in which it starts; it may end in another one."""
        end = self.end if self.end.zone == self.start.zone else self.end.in_zone(self.start.zone)
        return end.local - self.start.local

    def span(self, zone: str = "") -> tuple[datetime, datetime]:
        """Return the instants at which it takes time; an all-day event floats: its midnights are those of the
        mailbox's zone, if that is given.
        """
        start, end = self.start, self.end
        if zone and self.fields["isAllDay"]:
            start, end = Moment(start.local, zone), Moment(end.local, zone)
        return start.utc, end.utc

    def touch(self, now: datetime) -> None:
        """Record a write: set a new change key and time of modification."""
        self.change_key = new_change_key()
        self.modified = now

    def occurrence(self, start: Moment) -> "Event":
        """Return this series' unchanged occurrence that begins at `start`; it shares the master's change key."""
        end = Moment(start.local + self.length, start.zone)
        if self.end.zone != self.start.zone:
            end = end.in_zone(self.end.zone)
        ids = occurrence_pair(self.id, start.local.isoformat())
        return replace(
            self,
            start=start,
            end=end,
            fields=dict(self.fields),
            ids=ids,
            type="occurrence",
            rule=None,
            master=self,
            original_start=start,
            uid=f"{self.uid}{start.local:%Y%m%d}",
        )
