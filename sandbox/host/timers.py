"""Timer triggers: "Timer trigger for Azure Functions".

Runs never overlap, an error never stops the schedule, and the next occurrence is computed at the end of a run. Unlike
the real host (useMonitor), nothing is kept across restarts: no run is ever past due.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

from azure.functions.timer import TimerRequest

from sandbox.host.invocation import Invoker
from sandbox.host.ncrontab import Schedule
from sandbox.host.plan import FunctionPlan


class Timer:
    """Runs one timer-triggered function by its schedule, in UTC. Tests can replace the clock `now`."""

    def __init__(
        self,
        plan: FunctionPlan,
        schedule: Schedule,
        invoker: Invoker,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._plan = plan
        self._schedule = schedule
        self._invoker = invoker
        self._now = now
        self._last: datetime | None = None
        self._stopped = asyncio.Event()

    async def listen(self) -> None:
        """Wait and run until stopped; a run in progress finishes."""
        if self._plan.trigger.get("runOnStartup"):
            await self._invoker.run(self._plan, self._argument())
        while await self._occurs():
            await self._invoker.run(self._plan, self._argument())

    def stop(self) -> None:
        """Start no further run."""
        self._stopped.set()

    async def _occurs(self) -> bool:
        """Wait for the next occurrence; return False when stopped before it."""
        occurrence = self._schedule.next_after(self._now())
        # In short steps: the loop's clock and the wall clock drift apart, and the wall clock can be changed.
        while not self._stopped.is_set() and (seconds := (occurrence - self._now()).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(seconds, 60.0)):
                    await self._stopped.wait()
        return not self._stopped.is_set()

    def _argument(self) -> TimerRequest:
        """Return the function's argument."""
        moment, last = self._now(), self._last
        self._last = moment
        following = self._schedule.next_after(moment)
        status = {"Last": (last or moment).isoformat(), "Next": following.isoformat()}
        return TimerRequest(past_due=False, schedule_status=status, schedule={"AdjustForDST": True})
