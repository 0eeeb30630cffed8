"""What keeps a command from its end, and the exit code that scripts see."""

from __future__ import annotations

WELL, WRONG, USAGE, NOT_REACHED = 0, 1, 2, 3


class Stopped(Exception):
    """A command cannot go on: a short title, and what to do. `code` is the exit code."""

    code = WRONG

    def __init__(self, title: str, what_to_do: str, status: int | None = None) -> None:
        super().__init__(title)
        self.title = title
        self.what_to_do = what_to_do
        self.status = status


class Refused(Stopped):
    """The relay answered, and said no: its own problem details."""


class Misused(Stopped):
    """What was asked for cannot be done as it was asked."""

    code = USAGE


class NotReached(Stopped):
    """No relay answers at the address."""

    code = NOT_REACHED
