"""Work that runs after a save, at a time of the tenant's clock; it ends with the environment."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from sandbox.tenant.clock import Clock


class Background:
    """The work that waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hurry = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        """Do work after some of the tenant's seconds."""
        task = asyncio.get_running_loop().create_task(self._do(seconds, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self) -> int:
        """Do all waiting work now, and what follows from it; return how much it was."""
        done = 0
        self._hurry.set()
        while self._tasks:
            done += len(self._tasks)
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hurry.clear()
        return done

    async def close(self) -> None:
        """Stop what waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _do(self, seconds: float, work: Callable[[], object]) -> None:
        due = self._clock.now() + timedelta(seconds=seconds)
        sleep = asyncio.ensure_future(self._clock.until(due))
        hurry = asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait((sleep, hurry), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            hurry.cancel()
        work()
