"""The tenant's clock: real time plus an offset that control can move, so that hours of retries pass in
moments.
"""

import asyncio
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset; whoever sleeps on it wakes early when it is moved."""

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self._sleepers: set[asyncio.Future[None]] = set()

    def now(self) -> datetime:
        """Return the tenant's time, aware, in UTC."""
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward and wake every sleeper that is due; return the new time. May be called from
        any thread.

        Raises ValueError when seconds is negative: expiries and retry schedules assume a clock that never
        goes back.
        """
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self.offset += timedelta(seconds=seconds)
        for sleeper in list(self._sleepers):
            # Those that are not yet due wake too and sleep again, since their remaining real time has shrunk.
            sleeper.get_loop().call_soon_threadsafe(_wake, sleeper)
        return self.now()

    async def sleep(self, seconds: float) -> None:
        """Sleep for that many seconds of the tenant's time; zero or less only yields."""
        await self.until(self.now() + timedelta(seconds=seconds))

    async def until(self, moment: datetime) -> None:
        """Sleep until the tenant's time reaches an aware moment; a moment that is past only yields."""
        await asyncio.sleep(0)
        while (left := (moment - self.now()).total_seconds()) > 0:
            sleeper = asyncio.get_running_loop().create_future()
            self._sleepers.add(sleeper)
            try:
                # wait, not wait_for: it leaves the future alone, so a late _wake of it is harmless.
                await asyncio.wait([sleeper], timeout=left)
            finally:
                self._sleepers.discard(sleeper)


def _wake(sleeper: asyncio.Future[None]) -> None:
    """End one sleeper's wait, unless it has ended by itself."""
    if not sleeper.done():
        sleeper.set_result(None)
