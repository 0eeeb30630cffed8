"""How control reads and refuses: JSON in, JSON out, 400 with what is wrong."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.tenant.state import Tenant


class ControlError(Exception):
    """Control's answer to what it cannot do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def control(tenant: Tenant, act: Callable[[Tenant, web.Request], Awaitable[web.Response]]) -> Handler:
    """Return the aiohttp handler of a control route, which turns refusals and ValueErrors into JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        """Act, or say what is wrong."""
        try:
            return await act(tenant, request)
        except ControlError as error:
            return web.json_response({"error": str(error)}, status=error.status)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    handle.__doc__ = act.__doc__
    return handle


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request, empty without a body; raises ValueError when it is something else."""
    content = await request.read()
    try:
        body = json.loads(content) if content else {}
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a body's fault, not a caller's
    return body


def only(body: dict[str, Any], **kinds: type | tuple[type, ...]) -> None:
    """Raise ValueError for a key that is not among the named ones, or whose value is of another type."""
    for name, value in body.items():
        if name not in kinds:
            raise ValueError(f"unknown: {name}; known: {', '.join(kinds)}")
        if not isinstance(value, kinds[name]):
            raise ValueError(f"{name}: of the wrong type")  # noqa: TRY004 - a body's fault, not a caller's
