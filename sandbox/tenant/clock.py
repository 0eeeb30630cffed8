"""The tenant's clock: real time plus an offset that control can increase, so that hours of retries pass quickly."""

import asyncio
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset; moving it wakes sleepers."""

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self._sleepers: set[asyncio.Future[None]] = set()

    def now(self) -> datetime:
        """Return the tenant's time, aware, in UTC."""
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward, wake all sleepers and return the new time. Safe to call from any thread.

        Raises ValueError if seconds is negative: expiries and retry schedules assume that time never goes back.
        """
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self.offset += timedelta(seconds=seconds)
        for sleeper in list(self._sleepers):
            # Sleepers that are not due yet wake too: their remaining real time is shorter now, so they sleep again.
            sleeper.get_loop().call_soon_threadsafe(_wake, sleeper)
        return self.now()

    async def sleep(self, seconds: float) -> None:
        """Sleep for that many seconds of the tenant's time; zero or less only yields."""
        await self.until(self.now() + timedelta(seconds=seconds))

    async def until(self, moment: datetime) -> None:
        """Sleep until the tenant's time reaches an aware time; a past one only yields."""
        await asyncio.sleep(0)
        while (remaining := (moment - self.now()).total_seconds()) > 0:
            sleeper = asyncio.get_running_loop().create_future()
            self._sleepers.add(sleeper)
            try:
                # wait, not wait_for: it does not cancel the future, so a late _wake is harmless.
                await asyncio.wait([sleeper], timeout=remaining)
            finally:
                self._sleepers.discard(sleeper)


def _wake(sleeper: asyncio.Future[None]) -> None:
    """End one sleeper's wait unless it has already ended."""
    if not sleeper.done():
        sleeper.set_result(None)
