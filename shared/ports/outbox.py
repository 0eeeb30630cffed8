"""The seam through which a feature delivers to the partner.

The core sends what a feature offers, by its own rules: signature, circuit breaker, pause, stop, retry schedule, dead
letters. The feature keeps its states in a table of its own; what the core needs to know of them is its Backlog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Answer(StrEnum):
    """What came of an offer."""

    TAKEN = "taken"  # the partner has it
    RETRY = "retry"  # offer it again after `wait` seconds, with one attempt more
    DEAD = "dead"  # it is a dead letter now
    HELD = "held"  # it was not sent, or the partner wants nothing now: deliveries are stopped, which is no attempt


@dataclass(frozen=True, slots=True)
class Offer:
    """One state of one item, as a delivery.

    - `source`: the name of the feature. `group`: 32 hex digits of what the item belongs to, such as a business.
    - `item`: the item's id. `message_id`: the webhook-id, the same for the same state at every attempt.
    - `body`: the JSON. `attempt`: how many attempts have failed. `since`: when the state was read.
    - `has_dead_letter`: whether an earlier delivery of the item became a dead letter, which this one makes needless.
    """

    source: str
    group: str
    item: str
    message_id: str
    body: str
    attempt: int
    since: datetime
    has_dead_letter: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to an offer; `wait` in seconds, for RETRY."""

    answer: Answer
    wait: float = 0.0


class Outbox(Protocol):
    """Sends deliveries. Implemented by the core."""

    def flows(self) -> bool:
        """Return whether an offer would be sent now. Raises ServiceUnavailable or ConfigurationError."""

    def offer(self, offer: Offer, *, is_probe: bool = False) -> Result:
        """Send a delivery if deliveries flow; a probe is sent while the endpoint is failing, too.

        Raises ServiceUnavailable or ConfigurationError when nothing was sent, or its result could not be stored: the
        same offer can be made again.
        """


class Backlog(Protocol):
    """What a feature still has to deliver. Methods raise ServiceUnavailable or ConfigurationError."""

    def waiting(self, most: int) -> int:
        """Return how many items wait for their delivery, up to `most`."""

    def probe(self) -> str:
        """Offer one waiting item as a probe; return taken, failed or nothing-to-send."""

    def replay(self, group: str, items: Sequence[str]) -> None:
        """Offer items of a group again whose deliveries became dead letters."""

    def wake(self) -> None:
        """Request that what waits is sent soon."""
