"""Timer triggers: "Timer trigger for Azure Functions".

No run overlaps the one before, an error never stops the schedule, and the next occurrence is counted from the
end of a run. What the host keeps across restarts (useMonitor) is not kept here: nothing is ever past due.
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
    """Runs one timer-triggered function by its schedule, in UTC. `now` can be another clock in tests."""

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
        """Wait and run until stopped; a run that is under way is finished."""
        if self._plan.trigger.get("runOnStartup"):
            await self._invoker.run(self._plan, self._argument())
        while await self._occurs():
            await self._invoker.run(self._plan, self._argument())

    def stop(self) -> None:
        """Run no more."""
        self._stopped.set()

    async def _occurs(self) -> bool:
        """Wait for the next occurrence; False when stopped before it."""
        occurrence = self._schedule.next_after(self._now())
        # In short steps: the loop's clock and the wall's drift apart, and the latter can be set.
        while not self._stopped.is_set() and (seconds := (occurrence - self._now()).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(seconds, 60.0)):
                    await self._stopped.wait()
        return not self._stopped.is_set()

    def _argument(self) -> TimerRequest:
        """Make the function's argument."""
        moment, last = self._now(), self._last
        self._last = moment
        following = self._schedule.next_after(moment)
        status = {"Last": (last or moment).isoformat(), "Next": following.isoformat()}
        return TimerRequest(past_due=False, schedule_status=status, schedule={"AdjustForDST": True})
