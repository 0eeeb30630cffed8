"""The health checks of the feature: whether it follows Dataverse, carries hints over, and holds nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.dataverse.call_breaker import DynamicsBreaker
from shared.dataverse.flow.dead import PairDeadLetters
from shared.dataverse.operation.measures import Measures
from shared.errors import ServiceUnavailable
from shared.utc import format_utc

OLD_HINT_SECONDS = 900  # as in infra/alerts/dataverse-hints.kql
OLD_TOKEN_PERCENT = 25  # as in infra/alerts/dataverse-token.kql


@dataclass(frozen=True)
class DataverseHealth:
    """Each check returns a text that begins with "ok"; it raises ServiceUnavailable with what to do, and if storage
    fails.
    """

    measures: Measures
    dead: PairDeadLetters
    breaker: DynamicsBreaker

    def by_name(self) -> Mapping[str, Callable[[], str]]:
        """Return the checks by their names."""
        return {"dataverseReading": self._reading, "dataverseHints": self._hints, "dataverseHeld": self._held}

    def _reading(self) -> str:
        """Fail when the token of change tracking is old: it expires, and then all bookings are read anew."""
        row = self.measures.tracking.read()
        if row.started_at is None:
            return "ok; not started: python -m relay_admin dataverse plan, then start"
        percent = self.measures.token_percent() or 0
        if percent > OLD_TOKEN_PERCENT:
            raise _failed(f"was last read to the end {percent} % of a token's life ago: read the log of "
                          "follow_dataverse, and the doctor's findings")  # fmt: skip
        if self.measures.token_seconds() is None:
            return f"ok; started at {format_utc(row.started_at)}, the first reading has not ended"
        return f"ok; the token's age is {percent} % of its life"

    def _hints(self) -> str:
        """Fail when hints wait for long, or were given up."""
        until = self.breaker.until()
        paused = f"; no call of Dataverse until {format_utc(until)}" if until else ""
        age = self.measures.oldest_hint_seconds()
        if dead := self.dead.recent():
            text = "read the log of settle_pairs; the night compares their pairs"
            raise _failed(f"has {dead} hints that were given up: {text}{paused}")
        if age > OLD_HINT_SECONDS:
            raise _failed(f"has a hint that waits for {age} seconds: read the log of settle_pairs{paused}")
        return f"ok; the oldest hint is {age} seconds old{paused}"

    def _held(self) -> str:
        """Fail while anything is held: a person has to look and release it."""
        held = {kind: number for kind, number in self.measures.held().items() if number}
        if held:
            what = ", ".join(f"{kind} {number}" for kind, number in held.items())
            raise _failed(f"has writes that are held ({what}): GET /api/dataverse shows them; then release")
        return "ok; nothing"


def _failed(text: str) -> ServiceUnavailable:
    return ServiceUnavailable("Dataverse", text)
