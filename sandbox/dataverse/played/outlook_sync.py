"""Microsoft's own sync: bookings of work orders into the calendars of users with server-side synchronization.

Field Service: Integrate bookings with Outlook calendars (one week back, two weeks ahead, every ten to fifteen minutes;
only changes since; cancelled bookings stay; deleted ones are removed if they are ahead and still tagged). Use Outlook
category to track appointments. Here a round runs when control says so.
"""

from datetime import datetime, timedelta
from typing import Any

from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row
from sandbox.dataverse.writer import Actor
from sandbox.tenant.graph.event import DEFAULTS, Event
from sandbox.tenant.graph.service import Graph, graph_of
from sandbox.tenant.graph.zones import Moment
from sandbox.tenant.state import Mailbox

TAG = "Tracked to Dynamics 365"
"""The category of tracked items."""
BACK, AHEAD = timedelta(days=7), timedelta(days=14)
SERVER_SIDE = 1
BOOKING = "bookableresourcebooking"


class OutlookSync:
    """Remembers which event it made of which booking."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._events: dict[str, tuple[Mailbox, Event]] = {}
        self._seen: dict[str, int] = {}

    def run(self) -> dict[str, int]:
        """Carry one round out; return how many events it made, changed and removed."""
        counts = {"made": 0, "changed": 0, "removed": 0}
        for row in list(self._organization.rows.of(BOOKING).values()):
            if (mailbox := self._mailbox(row)) is not None and self._is_due(row):
                counts[self._carry(row, mailbox)] += 1
        for booking_id in [each for each in self._events if self._organization.rows.get(BOOKING, each) is None]:
            counts["removed"] += self._remove(booking_id)
        return counts

    def untag(self) -> int:
        """Take the tag off every event, as one setting of the organization does; return their number."""
        for mailbox, event in self._events.values():
            event.fields = {**event.fields, "categories": [each for each in event.fields["categories"] if each != TAG]}
            self._graph.processing.updated(mailbox, event)
        return len(self._events)

    @property
    def _graph(self) -> Graph:
        return graph_of(self._organization.tenant)

    def _is_due(self, row: Row) -> bool:
        now, version = self._organization.clock.now(), int(row["versionnumber"])
        within = now - BACK <= row["starttime"] <= now + AHEAD
        return within and bool(row.get("msdyn_workorder")) and self._seen.get(_id(row), 0) < version

    def _mailbox(self, row: Row) -> Mailbox | None:
        """Return the mailbox of a booking's user, if server-side synchronization is on for it."""
        rows = self._organization.rows
        resource = rows.get("bookableresource", str(row.get("resource"))) or {}
        user = rows.get("systemuser", str(resource.get("userid"))) or {}
        synced = any(
            each["regardingobjectid"] == user.get("systemuserid") and each["actdeliverymethod"] == SERVER_SIDE
            and each["enabledforact"] for each in rows.of("mailbox").values()
        )  # fmt: skip
        address = str(user.get("internalemailaddress") or "").lower()
        return self._organization.tenant.mailboxes.get(address) if synced else None

    def _carry(self, row: Row, mailbox: Mailbox) -> str:
        """Make a booking's event or change it; a cancelled one stays as it is."""
        known = self._events.get(_id(row))
        if known is None or known[0] is not mailbox:
            event = self._event(row)
            self._graph.processing.created(mailbox, event)
            self._events[_id(row)] = (mailbox, event)
            self._mark(row, event)
            return "made"
        event = known[1]
        event.start, event.end = _moment(row["starttime"]), _moment(row["endtime"])
        self._graph.processing.updated(mailbox, event)
        self._seen[_id(row)] = int(row["versionnumber"])
        return "changed"

    def _event(self, row: Row) -> Event:
        now = self._organization.clock.now()
        fields: dict[str, Any] = {**DEFAULTS, "subject": row.get("name") or "Work order", "categories": [TAG]}
        event = Event(_moment(row["starttime"]), _moment(row["endtime"]), fields, now, now)
        event.uid = f"040000008200E00074C5B7101A82E008{event.change_key.encode().hex().upper()}"
        return event

    def _mark(self, row: Row, event: Event) -> None:
        """Write the event's global id to the booking: another write that changes no time."""
        actor = Actor(self._organization.ids["user:fieldservice"], depth=2)
        table = self._organization.tables[BOOKING]
        marked = self._organization.writer.update(table, row, {"msdyn_globalobjectid": event.uid[:100]}, actor)
        self._seen[_id(row)] = int(marked["versionnumber"])

    def _remove(self, booking_id: str) -> bool:
        mailbox, event = self._events.pop(booking_id)
        ahead = event.start.utc > self._organization.clock.now()
        if not ahead or TAG not in event.fields["categories"]:
            return False
        self._graph.processing.deleted(mailbox, event)
        return True


def _id(row: Row) -> str:
    return str(row["bookableresourcebookingid"])


def _moment(time: datetime) -> Moment:
    return Moment(time.replace(tzinfo=None))
