"""Faults that control plants for requests to the tenant: error responses, delays, cut connections, lost responses."""

import asyncio
import contextlib
import itertools
import re
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel


class Fault(BaseModel):
    """One planted fault; its JSON keys are camelCase.

    - `match`: regular expression, searched in "METHOD /path" (decoded, without the query).
    - `status`, `headers`, `body`: the response; body is text, or JSON of any shape. Without status: the real one.
    - `times`: the number of requests that it meets; null until it is cleared.
    - `delay_seconds`: real seconds before the response, since it tests the caller's own timeout.
    - `cut`: close the connection without a response. `after`: do the real work first; only the response is lost.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    match: str
    status: int | None = Field(default=None, ge=200, le=599)
    headers: dict[str, str] = {}
    body: Any = None
    times: int | None = Field(default=None, ge=1)
    delay_seconds: float = Field(default=0.0, ge=0)
    cut: bool = False
    after: bool = False

    @field_validator("match")
    @classmethod
    def _compiles(cls, value: str) -> str:
        """Reject an invalid regular expression, with re's reason."""
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value

    def answer(self) -> web.Response:
        """Return the response of a fault that has a status."""
        status = self.status or 500
        if self.body is None or isinstance(self.body, str):
            return web.Response(status=status, headers=self.headers, text=self.body)
        return web.json_response(self.body, status=status, headers=self.headers)


class Faults:
    """The planted faults, oldest first; a request meets the first that matches."""

    def __init__(self) -> None:
        self.planted: dict[str, Fault] = {}
        self.met: dict[str, int] = {}
        self._first_met: dict[str, asyncio.Event] = {}
        self._ids = itertools.count(1)

    def plant(self, fault: Fault) -> str:
        """Add a fault and return its id."""
        fault_id = str(next(self._ids))
        self.planted[fault_id] = fault
        self.met[fault_id] = 0
        self._first_met[fault_id] = asyncio.Event()
        return fault_id

    def take(self, line: str) -> Fault | None:
        """Return the fault for this "METHOD /path" and count it, or None."""
        for fault_id, fault in self.planted.items():
            spent = fault.times is not None and self.met[fault_id] >= fault.times
            if not spent and re.search(fault.match, line):
                self.met[fault_id] += 1
                self._first_met[fault_id].set()
                return fault
        return None

    async def wait(self, fault_id: str, seconds: float) -> int:
        """Wait until a fault has met a request or the time is over; return how many it has met.

        Raises KeyError for an unknown fault.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._first_met[fault_id].wait()
        return self.met[fault_id]

    def clear(self, fault_id: str | None = None) -> bool:
        """Remove one fault, or all; return whether any was removed."""
        ids = list(self.planted) if fault_id is None else [fault_id]
        removed = [self.planted.pop(key, None) for key in ids]
        return any(removed)


def fault_middleware(faults: Faults) -> Middleware:
    """Return an aiohttp middleware that applies the faults to every path except /_control."""

    @web.middleware
    async def play_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Apply the fault that meets this request, or pass the request on."""
        if request.path.startswith("/_control"):
            return await handler(request)
        fault = faults.take(f"{request.method} {request.path}")
        if fault is None:
            return await handler(request)
        return await _play(fault, request, handler)

    return play_faults


async def _play(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Delay the real response, or cut or replace it; the real work is then only done with `after`."""
    replaced = fault.cut or fault.status is not None
    if not replaced:
        await asyncio.sleep(fault.delay_seconds)
        return await handler(request)
    if fault.after:
        with contextlib.suppress(web.HTTPException):
            await handler(request)
    await asyncio.sleep(fault.delay_seconds)
    if fault.cut and request.transport is not None:
        request.transport.abort()
    return fault.answer()
