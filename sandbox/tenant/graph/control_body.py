"""Control requests and responses: JSON in and out; errors are 400 with the reason."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.tenant.state import Tenant


class ControlError(Exception):
    """An error response of control."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def control(tenant: Tenant, act: Callable[[Tenant, web.Request], Awaitable[web.Response]]) -> Handler:
    """Return the aiohttp handler of a control route, which converts errors to JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        """Run the action, or return what is wrong."""
        try:
            return await act(tenant, request)
        except ControlError as error:
            return web.json_response({"error": str(error)}, status=error.status)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    handle.__doc__ = act.__doc__
    return handle


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request, empty without a body. Raises ValueError for anything else."""
    content = await request.read()
    try:
        body = json.loads(content) if content else {}
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the body is wrong, not the caller
    return body


def only(body: dict[str, Any], **kinds: type | tuple[type, ...]) -> None:
    """Raise ValueError for an unknown key, or a value of the wrong type."""
    for name, value in body.items():
        if name not in kinds:
            raise ValueError(f"unknown: {name}; known: {', '.join(kinds)}")
        if not isinstance(value, kinds[name]):
            raise ValueError(f"{name}: of the wrong type")  # noqa: TRY004 - the body is wrong, not the caller
