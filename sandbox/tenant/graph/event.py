"""An event as the simulated Exchange stores it.

Graph: event resource type.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
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
"""What a new event has of those properties that are stored as Graph writes them."""


@dataclass
class Event:
    """One stored event, or an occurrence made for an answer.

    `fields` holds what is stored as Graph writes it; `ids` are the ordinary and the immutable id.
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
    """The series that an occurrence or exception belongs to."""
    original_start: Moment | None = None
    folder: str = ""
    """The id of the calendar that it lies in; empty for the mailbox's default calendar."""
    transaction: str | None = None
    """The transactionId with which an app made it."""
    join_url: str = ""
    """The link of its Teams meeting; empty when it is none."""
    booked: bool = False
    """Booked by an organizer, so that the room's calendar processing applies; false when written straight into it."""

    @property
    def id(self) -> str:
        """Return the ordinary id."""
        return self.ids[0]

    @property
    def etag(self) -> str:
        """Return the weak entity tag, which changes with the change key."""
        return f'W/"{self.change_key}"'

    def touch(self, now: datetime) -> None:
        """Note a write: a new change key and time of modification."""
        self.change_key = new_change_key()
        self.modified = now

    def occurrence(self, start: Moment) -> "Event":
        """Return this series' unchanged occurrence that begins at `start`; it shares the master's change key."""
        end = Moment(start.local + (self.end.local - self.start.local), start.zone)
        made = occurrence_pair(self.id, start.local.isoformat())
        return replace(
            self,
            start=start,
            end=end,
            fields=dict(self.fields),
            ids=made,
            type="occurrence",
            rule=None,
            master=self,
            original_start=start,
            uid=f"{self.uid}{start.local:%Y%m%d}",
        )
