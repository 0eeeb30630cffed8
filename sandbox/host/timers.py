"""Timer triggers: "Timer trigger for Azure Functions".

No run overlaps the one before, an error never stops the schedule, and the next occurrence is counted from the
end of a run. What the host keeps across restarts (useMonitor) is not kept here: nothing is ever past due.
"""

import asyncio
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
        self.running: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Wait and run until cancelled; a run that is under way then goes on."""
        if self._plan.trigger.get("runOnStartup"):
            await self._run()
        while True:
            occurrence = self._schedule.next_after(self._now())
            # In short steps: the loop's clock and the wall's drift apart, and the latter can be set.
            while (seconds := (occurrence - self._now()).total_seconds()) > 0:
                await asyncio.sleep(min(seconds, 60.0))
            await self._run()

    async def _run(self) -> None:
        """Run once; cancelling the wait does not cancel the run."""
        task = asyncio.create_task(self._invoker.run(self._plan, self._argument()))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        await asyncio.wait({task})

    def _argument(self) -> TimerRequest:
        """Make the function's argument."""
        moment, last = self._now(), self._last
        self._last = moment
        following = self._schedule.next_after(moment)
        status = {"Last": (last or moment).isoformat(), "Next": following.isoformat()}
        return TimerRequest(past_due=False, schedule_status=status, schedule={"AdjustForDST": True})
