"""One POST of notifications to one endpoint, with Graph's time limits and retries.

Graph: Receive change notifications through webhooks: a 2xx within 3 seconds; retries wait 10 seconds for the answer,
come at exponentially growing distances, and end after 4 hours.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox.tenant.clock import Clock
from sandbox.tenant.graph.callbacks import Callbacks, Reply
from sandbox.tenant.graph.counters import Counters
from sandbox.tenant.graph.hints import Hint
from sandbox.tenant.graph.registry import Registry
from sandbox.tenant.graph.settings import setting


@dataclass(frozen=True)
class Limits:
    """Real seconds for an answer; the tenant's between and for all retries. The first distance is our guess."""

    first_answer: float
    later_answer: float
    first_pause: float
    give_up: float = 4 * 3600.0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Limits":
        """Return the limits that the settings firstAnswerSeconds, laterAnswerSeconds, retrySeconds say."""
        names = ("firstAnswerSeconds", "laterAnswerSeconds", "retrySeconds")
        return cls(*(float(setting(settings, name)) for name in names))


class Watcher(Protocol):
    """Who hears how the endpoint answers, and what was lost for good."""

    def answered(self, url: str, reply: Reply, *, late: bool, lost: bool) -> None:
        """Hear of an attempt."""

    def took(self, hints: list[Hint]) -> None:
        """Hear of notifications that the endpoint took."""

    def lost(self, hints: list[Hint]) -> None:
        """Hear of notifications that will not be sent any more."""


class Delivery:
    """The hints of one POST on their way; `hurry` sends it at once, `settled` is set whenever it is not in flight."""

    def __init__(self, hints: list[Hint], began: datetime, limits: Limits, watcher: "Watcher") -> None:
        self.hints = hints
        self._watcher = watcher
        self.attempts = 0
        self.next_attempt = began
        self.in_flight = False
        self.hurry = asyncio.Event()
        self.settled = asyncio.Event()
        self._began = began
        self._limits = limits

    async def run(
        self, clock: Clock, registry: Registry, callbacks: Callbacks, counters: Counters, running: asyncio.Event
    ) -> None:
        """Try until the endpoint accepts, four hours have passed, or no subscription of it lives any more."""
        try:
            while not await self._turn(clock, registry, callbacks, counters, running):
                pass
        finally:
            self.in_flight = False
            self.hurry.clear()
            self.settled.set()

    async def _turn(
        self, clock: Clock, registry: Registry, callbacks: Callbacks, counters: Counters, running: asyncio.Event
    ) -> bool:
        """Wait, try once, and return whether this delivery is over."""
        await self._wait(clock, running)
        self.in_flight = True
        self.settled.clear()
        alive = [hint for hint in self.hints if hint.outlives or registry.find(hint.subscription_id)]
        counters.withdrawn += len(self.hints) - len(alive)
        self.hints = alive
        over = not alive or await self._attempt(callbacks, counters)
        if not over and not self._again(clock.now()):
            counters.dropped += len(self.hints)
            self._watcher.lost(self.hints)
            over = True
        self.in_flight = False
        self.hurry.clear()
        self.settled.set()
        return over

    async def _wait(self, clock: Clock, running: asyncio.Event) -> None:
        """Wait for the attempt's time and for control's leave, unless it must hurry."""
        due = asyncio.ensure_future(self._due(clock, running))
        hurry = asyncio.ensure_future(self.hurry.wait())
        try:
            await asyncio.wait([due, hurry], return_when=asyncio.FIRST_COMPLETED)
        finally:
            due.cancel()
            hurry.cancel()

    async def _due(self, clock: Clock, running: asyncio.Event) -> None:
        """Wait for the attempt's time, then until nothing is held back."""
        await clock.until(self.next_attempt)
        await running.wait()

    async def _attempt(self, callbacks: Callbacks, counters: Counters) -> bool:
        """POST once and return whether it was accepted."""
        limit = self._limits.later_answer if self.attempts else self._limits.first_answer
        self.attempts += 1
        body = json.dumps({"value": [hint.item for hint in self.hints]}, ensure_ascii=False).encode()
        reply = await callbacks.post(self.hints[0].url, body, {"Content-Type": "application/json"}, limit)
        counters.note(reply)
        # Only a retry waits for the ten seconds beyond which an answer counts as lost.
        lost = self.attempts > 1 and reply.seconds >= limit
        self._watcher.answered(self.hints[0].url, reply, late=reply.seconds >= self._limits.first_answer, lost=lost)
        if reply.accepted:
            counters.sent += 1
            counters.hints_sent += len(self.hints)
            self._watcher.took(self.hints)
        return reply.accepted

    def _again(self, now: datetime) -> bool:
        """Set the next attempt's time; return False when that is beyond four hours after the first."""
        pause = timedelta(seconds=self._limits.first_pause * 2 ** (self.attempts - 1))
        self.next_attempt = now + pause
        return self.next_attempt <= self._began + timedelta(seconds=self._limits.give_up)
