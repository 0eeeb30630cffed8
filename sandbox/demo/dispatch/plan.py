"""What the day must leave on both sides, as its people know it, and the names that must stay where they belong."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Key(NamedTuple):
    """Whose time it is. The day never plans two appointments of one person at the same time."""

    mailbox: str
    start: str
    end: str


class Names(NamedTuple):
    """The name that each side must show."""

    board: str
    calendar: str


@dataclass
class Plan:
    """The appointments that must be there, and the names of this run.

    - `visits`: names of bookings. They may stand on the board and in the calendars, and nowhere else.
    - `subjects`: of the technicians' own events. The partner may see them; the board, storage and logs may not.
    - `private`: subjects of private events, which nobody else may see.
    """

    run: str
    appointments: dict[Key, Names] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)

    def visit(self, text: str) -> str:
        """Return a name for a booking."""
        return self._named(self.visits, text)

    def subject(self, text: str) -> str:
        """Return a subject for a person's own event."""
        return self._named(self.subjects, text)

    def secret(self, text: str) -> str:
        """Return a subject for a private event."""
        return self._named(self.private, text)

    def add(self, key: Key, board: str, calendar: str) -> Key:
        """Expect an appointment."""
        self.appointments[key] = Names(board, calendar)
        return key

    def move(self, key: Key, to: Key) -> Key:
        """Expect an appointment at another time, or of another person."""
        self.appointments[to] = self.appointments.pop(key)
        return to

    def drop(self, key: Key) -> None:
        """Expect an appointment no longer."""
        del self.appointments[key]

    def _named(self, names: list[str], text: str) -> str:
        names.append(f"{text} {self.run}-{len(names)}")
        return names[-1]
