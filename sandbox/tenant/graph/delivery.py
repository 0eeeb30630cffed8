"""One POST of notifications to one endpoint, with Graph's time limits and retries.

Graph: Receive change notifications through webhooks: a 2xx within 3 seconds; retries wait 10 seconds for a response,
back off exponentially, and end after 4 hours.
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
from sandbox.tenant.graph.notifications import Notification
from sandbox.tenant.graph.registry import Registry
from sandbox.tenant.graph.settings import setting


@dataclass(frozen=True)
class Limits:
    """Real seconds to wait for a response; the tenant's seconds between and for all retries.

    The value of `first_pause` is a guess: Microsoft does not publish it.
    """

    first_answer: float
    later_answer: float
    first_pause: float
    give_up: float = 4 * 3600.0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Limits":
        """Return the limits from the settings firstAnswerSeconds, laterAnswerSeconds and retrySeconds."""
        names = ("firstAnswerSeconds", "laterAnswerSeconds", "retrySeconds")
        return cls(*(float(setting(settings, name)) for name in names))


class Listener(Protocol):
    """Receives the results of a delivery."""

    def answered(self, url: str, reply: Reply, *, late: bool, lost: bool) -> None:
        """Handle the result of an attempt."""

    def accepted(self, notifications: list[Notification]) -> None:
        """Handle notifications that the endpoint accepted."""

    def lost(self, notifications: list[Notification]) -> None:
        """Handle notifications that will not be sent again."""


class Delivery:
    """The notifications of one POST; `hurry` sends it immediately, `idle` is set while no attempt is in flight."""

    def __init__(self, notifications: list[Notification], began: datetime, limits: Limits, listener: Listener) -> None:
        self.notifications = notifications
        self._listener = listener
        self.attempts = 0
        self.next_attempt = began
        self.in_flight = False
        self.hurry = asyncio.Event()
        self.idle = asyncio.Event()
        self._began = began
        self._limits = limits

    async def run(
        self, clock: Clock, registry: Registry, callbacks: Callbacks, counters: Counters, running: asyncio.Event
    ) -> None:
        """Attempt until the endpoint accepts, four hours have passed, or none of its subscriptions is alive."""
        try:
            while not await self._step(clock, registry, callbacks, counters, running):
                pass
        finally:
            self.in_flight = False
            self.hurry.clear()
            self.idle.set()

    async def _step(
        self, clock: Clock, registry: Registry, callbacks: Callbacks, counters: Counters, running: asyncio.Event
    ) -> bool:
        """Wait, attempt once, and return whether this delivery has ended."""
        await self._wait(clock, running)
        self.in_flight = True
        self.idle.clear()
        alive = [each for each in self.notifications if each.outlives or registry.find(each.subscription_id)]
        counters.withdrawn += len(self.notifications) - len(alive)
        self.notifications = alive
        over = not alive or await self._attempt(callbacks, counters)
        if not over and not self._schedule_retry(clock.now()):
            counters.dropped += len(self.notifications)
            self._listener.lost(self.notifications)
            over = True
        self.in_flight = False
        self.hurry.clear()
        self.idle.set()
        return over

    async def _wait(self, clock: Clock, running: asyncio.Event) -> None:
        """Wait for the attempt's time and until control releases notifications, unless it must hurry."""
        due = asyncio.ensure_future(self._due(clock, running))
        hurry = asyncio.ensure_future(self.hurry.wait())
        try:
            await asyncio.wait([due, hurry], return_when=asyncio.FIRST_COMPLETED)
        finally:
            due.cancel()
            hurry.cancel()

    async def _due(self, clock: Clock, running: asyncio.Event) -> None:
        """Wait for the attempt's time, then until notifications are released."""
        await clock.until(self.next_attempt)
        await running.wait()

    async def _attempt(self, callbacks: Callbacks, counters: Counters) -> bool:
        """POST once and return whether it was accepted."""
        limit = self._limits.later_answer if self.attempts else self._limits.first_answer
        self.attempts += 1
        url, items = self.notifications[0].url, [notification.item for notification in self.notifications]
        body = json.dumps({"value": items}, ensure_ascii=False).encode()
        reply = await callbacks.post(url, body, {"Content-Type": "application/json"}, limit)
        counters.note(reply)
        # Only retries wait the full ten seconds after which a response counts as lost.
        lost = self.attempts > 1 and reply.seconds >= limit
        self._listener.answered(url, reply, late=reply.seconds >= self._limits.first_answer, lost=lost)
        if reply.accepted:
            counters.sent += 1
            counters.notifications_sent += len(self.notifications)
            self._listener.accepted(self.notifications)
        return reply.accepted

    def _schedule_retry(self, now: datetime) -> bool:
        """Set the next attempt's time; return False if that is more than four hours after the first."""
        pause = timedelta(seconds=self._limits.first_pause * 2 ** (self.attempts - 1))
        self.next_attempt = now + pause
        return self.next_attempt <= self._began + timedelta(seconds=self._limits.give_up)
