"""The changes that people make: seeded, in bursts, with a canary in every field of every event."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tests.chaos.canaries import Canaries

SAME_AGAIN = 0.7  # the share of changes to the event of the previous change, as people correct themselves


class Tenant(Protocol):
    """The calendar operations of a person; sandbox.clients.TenantClient has them."""

    def book(self, address: str, **event: Any) -> dict[str, Any]:
        """Put a meeting into a calendar."""

    def change(self, address: str, event_id: str, **event: Any) -> dict[str, Any]:
        """Change a meeting."""

    def cancel(self, address: str, event_id: str) -> None:
        """Cancel a meeting."""

    def remove(self, address: str, event_id: str) -> None:
        """Delete a meeting."""

    def soft_delete(self, address: str, event_id: str) -> None:
        """Move a meeting to Deleted Items."""


@dataclass
class Meeting:
    """An event on a room's calendar, with what the next change needs."""

    room: str
    id: str
    immutable_id: str
    private: bool
    direct: bool
    series: bool = False


class Load:
    """Makes one change after the other; `chance` decides which."""

    def __init__(self, tenant: Tenant, rooms: list[str], canaries: Canaries, chance: random.Random) -> None:
        self._tenant = tenant
        self._rooms = rooms
        self._canaries = canaries
        self._chance = chance
        self._tomorrow = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
        self._meetings: list[Meeting] = []
        self._last: Meeting | None = None
        self.changes: dict[str, int] = {}
        self.deleted: set[tuple[str, str]] = set()

    def change(self) -> None:
        """Make the next change."""
        again = self._last is not None and self._chance.random() < SAME_AGAIN
        if not again and (not self._meetings or self._chance.random() < 0.4):
            self._count("series" if self._book() else "booked")
            return
        meeting = self._last if again and self._last is not None else self._chance.choice(self._meetings)
        acts: list[Callable[[Meeting], str]] = [
            self._move,
            self._retitle,
            self._toggle_privacy,
            self._cancel,
            self._remove,
        ]
        act = self._chance.choices(acts, (40, 30, 8, 8, 14))[0]
        self._count(act(meeting))

    def _count(self, what: str) -> None:
        self.changes[what] = self.changes.get(what, 0) + 1

    def _book(self) -> bool:
        """Book a meeting or, one time in fifty, a series of four; return whether it is a series."""
        room, series = self._chance.choice(self._rooms), self._chance.random() < 0.02
        direct = series or self._chance.random() < 0.7
        private = direct and self._chance.random() < 0.15
        event: dict[str, Any] = {"direct": direct, "sensitivity": "private" if private else "normal"}
        if series:
            event["rrule"] = "FREQ=WEEKLY;COUNT=4"
        event |= self._times() | self._hidden() | {"subject": self._subject(private=private)}
        # A room shows a booked meeting under its organizer's name, so that name becomes a title.
        name = self._canaries.secret("organizer") if direct else self._canaries.title()
        event["organizer"] = {"name": name, "address": self._address("organizer")}
        created = self._tenant.book(room, **event)
        self._last = Meeting(room, created["id"], created["immutableId"], private, direct, series)
        self._meetings.append(self._last)
        return series

    def _move(self, meeting: Meeting) -> str:
        self._tenant.change(meeting.room, meeting.id, **self._times())
        return "moved"

    def _retitle(self, meeting: Meeting) -> str:
        subject = self._subject(private=meeting.private)
        self._tenant.change(meeting.room, meeting.id, subject=subject, **self._hidden())
        return "retitled"

    def _toggle_privacy(self, meeting: Meeting) -> str:
        """Make it private or public; a room does not keep the privacy of its bookings."""
        if not meeting.direct:
            return self._retitle(meeting)
        meeting.private = not meeting.private
        sensitivity, subject = "private" if meeting.private else "normal", self._subject(private=meeting.private)
        self._tenant.change(meeting.room, meeting.id, sensitivity=sensitivity, subject=subject)
        return "made private or public"

    def _cancel(self, meeting: Meeting) -> str:
        self._tenant.cancel(meeting.room, meeting.id)
        return "cancelled"

    def _remove(self, meeting: Meeting) -> str:
        # A person's deletion moves a single event to Deleted Items; with the shift key it is gone.
        is_moved = not meeting.series and self._chance.random() < 0.5
        (self._tenant.soft_delete if is_moved else self._tenant.remove)(meeting.room, meeting.id)
        self._meetings.remove(meeting)
        self.deleted.add((meeting.room, meeting.immutable_id))
        self._last = None
        return "deleted"

    def _times(self) -> dict[str, str]:
        start = self._tomorrow + timedelta(minutes=15 * self._chance.randrange(60 * 96))
        end = start + timedelta(minutes=15 * self._chance.randint(1, 8))
        return {"start": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "end": end.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def _subject(self, *, private: bool) -> str:
        return self._canaries.secret("subject") if private else self._canaries.title()

    def _hidden(self) -> dict[str, Any]:
        """Return the fields that never leave, each with its own canary."""
        attendee = {"name": self._canaries.secret("attendee"), "address": self._address("attendee")}
        return {"body": self._canaries.secret("body"), "location": self._canaries.secret("location"),
                "attendees": [attendee], "categories": [self._canaries.secret("category")]}  # fmt: skip

    def _address(self, field: str) -> str:
        return self._canaries.secret(field).replace(" ", ".") + "@contoso.com"
