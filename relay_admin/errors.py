"""Errors of commands, and their exit codes."""

from __future__ import annotations

OK, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3


class CommandError(Exception):
    """A command fails: a short title, and what to do. `code` is the exit code."""

    code = FAILED

    def __init__(self, title: str, what_to_do: str, status: int | None = None) -> None:
        super().__init__(title)
        self.title = title
        self.what_to_do = what_to_do
        self.status = status


class Refused(CommandError):
    """The relay, Entra ID or Key Vault rejected a call; holds the relay's problem details."""


class UsageError(CommandError):
    """The command was used incorrectly."""

    code = USAGE


class Unreachable(CommandError):
    """No relay, or no vault, responds at the address."""

    code = UNREACHABLE
