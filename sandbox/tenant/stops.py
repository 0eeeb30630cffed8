"""Places at which a call is held, so that a test can kill its caller between two calls.

A stop names a call as a fault does, which of them it is, and the moment: before the work, or after it, when the answer
is held back. A held call ends when its caller closes the connection, or when control releases it.
"""

import asyncio
import contextlib
import itertools
import re
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


@dataclass
class Stop:
    """One place; `nth` counts the calls that match, from 1 on."""

    match: str
    nth: int = 1
    moment: Literal["before", "after"] = "after"
    met: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


class Stops:
    """The stops by id."""

    def __init__(self) -> None:
        self.by_id: dict[str, Stop] = {}
        self._ids = itertools.count(1)

    def add(self, stop: Stop) -> str:
        """Add a stop and return its id."""
        stop_id = str(next(self._ids))
        self.by_id[stop_id] = stop
        return stop_id

    def release(self, stop_id: str | None = None) -> None:
        """Let the held calls go on and forget one stop, or all. Raises KeyError for an unknown one."""
        for each in [stop_id] if stop_id is not None else list(self.by_id):
            self.by_id.pop(each).released.set()

    async def wait(self, stop_id: str, seconds: float) -> bool:
        """Wait until a call is held, or the time is over; return whether one is. Raises KeyError."""
        stop = self.by_id[stop_id]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.reached.wait()
        return stop.reached.is_set()

    def at(self, line: str) -> Stop | None:
        """Return the stop that holds the call with this "METHOD /path", and count it at every one that matches."""
        holding = None
        for stop in self.by_id.values():
            if re.search(stop.match, line):
                stop.met += 1
                holding = stop if stop.met == stop.nth else holding
        return holding


def stop_middleware(stops: Stops) -> Middleware:
    """Return an aiohttp middleware that holds calls at the stops; control is never held."""

    @web.middleware
    async def hold(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Hold this call before or after its work, if a stop says so."""
        stop = None if request.path.startswith("/_control") else stops.at(f"{request.method} {request.path}")
        if stop is None:
            return await handler(request)
        answer = await handler(request) if stop.moment == "after" else None
        stop.reached.set()
        await stop.released.wait()
        return answer if answer is not None else await handler(request)

    return hold
