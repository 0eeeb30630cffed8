"""The clock that can be moved."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.tenant.clock import Clock


async def _is_done(task: asyncio.Task[None]) -> bool:
    """Return whether a task is done once everything that is due has run."""
    done, _ = await asyncio.wait([task], timeout=0.05)
    return bool(done)


def test_it_is_real_time_until_it_is_moved() -> None:
    """A new clock shows the machine's time, aware and in UTC."""
    now = Clock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_advance_moves_now() -> None:
    """After a day's advance the clock is a day ahead of the machine."""
    clock = Clock()
    clock.advance(86400)
    assert timedelta(0) <= clock.now() - datetime.now(UTC) - timedelta(days=1) + timedelta(seconds=5)
    assert clock.offset == timedelta(days=1)


@pytest.mark.parametrize("from_a_thread", [False, True])
def test_a_sleeper_wakes_when_the_clock_is_moved(from_a_thread: bool) -> None:  # noqa: FBT001 - a parameter
    """A sleep of four hours ends when the clock is moved four hours ahead, from any thread."""

    async def play() -> None:
        clock = Clock()
        sleepers = [asyncio.create_task(clock.sleep(4 * 3600)) for _ in range(3)]
        assert not await _is_done(sleepers[0])
        if from_a_thread:
            # A moment later the loop is idle and waits: then it must be woken.
            threading.Timer(0.1, clock.advance, args=(4 * 3600,)).start()
        else:
            clock.advance(4 * 3600)
        start = time.monotonic()
        await asyncio.wait_for(asyncio.gather(*sleepers), 60)
        # A loop that is not woken would wait for the time-out, and only then see that all is done.
        assert time.monotonic() - start < 30

    asyncio.run(play())


def test_a_sleeper_that_is_not_due_sleeps_on() -> None:
    """Half the time ahead is not enough; the other half is."""

    async def play() -> None:
        clock = Clock()
        task = asyncio.create_task(clock.sleep(7200))
        assert not await _is_done(task)
        clock.advance(3600)
        assert not await _is_done(task)
        clock.advance(3600)
        await asyncio.wait_for(task, 60)

    asyncio.run(play())


def test_a_sleeper_wakes_by_itself() -> None:
    """Without a move, a short sleep takes its real time."""

    async def play() -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await Clock().sleep(0.05)
        return loop.time() - start

    assert 0.04 < asyncio.run(play()) < 2


def test_a_moment_that_is_past_does_not_wait() -> None:
    """`until` a past moment and `sleep` with a negative time return immediately."""

    async def play() -> None:
        clock = Clock()
        await asyncio.wait_for(clock.until(clock.now() - timedelta(days=1)), 60)
        await asyncio.wait_for(clock.sleep(-1), 60)

    asyncio.run(play())


def test_a_cancelled_sleeper_is_forgotten() -> None:
    """A cancelled sleep does not disturb the next advance."""

    async def play() -> None:
        clock = Clock()
        task = asyncio.create_task(clock.sleep(3600))
        await asyncio.sleep(0.01)
        assert len(clock._sleepers) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not clock._sleepers

    asyncio.run(play())


def test_it_never_goes_back() -> None:
    """A negative advance raises ValueError and moves nothing."""
    clock = Clock()
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    assert clock.offset == timedelta(0)
