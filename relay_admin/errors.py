"""What keeps a command from its end, and the exit code that scripts see."""

from __future__ import annotations

OK, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3


class CommandError(Exception):
    """A command cannot go on: a short title, and what to do. `code` is the exit code."""

    code = FAILED

    def __init__(self, title: str, what_to_do: str, status: int | None = None) -> None:
        super().__init__(title)
        self.title = title
        self.what_to_do = what_to_do
        self.status = status


class Refused(CommandError):
    """The relay answered, and said no: its own problem details."""


class UsageError(CommandError):
    """What was asked for cannot be done as it was asked."""

    code = USAGE


class Unreachable(CommandError):
    """No relay answers at the address."""

    code = UNREACHABLE
