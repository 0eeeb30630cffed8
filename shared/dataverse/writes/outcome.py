"""How a hint or a look ends."""

from __future__ import annotations

from enum import StrEnum

from shared.errors import RelayError


class Outcome(StrEnum):
    """How a hint ended. BUSY: another worker has the pair; RETRY: a side was unreadable, or changes too fast.

    WAITS: another booking of the same crew is being carried over to this one.
    """

    DONE = "done"
    BUSY = "busy"
    RETRY = "retry"
    WAITS = "waits"


class LookAgain(RelayError):
    """The pair has to be looked at again."""


class AlreadyStored(RelayError):
    """The pair of the next generation is stored already: a worker was killed. It is looked at instead."""

    def __init__(self, booking_id: str) -> None:
        super().__init__("the pair of the next generation exists")
        self.booking_id = booking_id
