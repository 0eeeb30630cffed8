"""Control requests and responses: JSON in and out; errors have a reason, and the Web API's own errors their code."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.organization import Organization

Act = Callable[[Organization, web.Request], Awaitable[Any]]


def control(organization: Organization, act: Act) -> Handler:
    """Return the handler of a control route, which converts results and errors to JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        """Run the action, or return what is wrong."""
        try:
            result = await act(organization, request)
        except ApiError as error:
            return web.json_response({"error": error.message, "code": error.code}, status=error.status)
        except (KeyError, LookupError) as error:
            return web.json_response({"error": f"not found: {error}"}, status=404)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.Response(status=204) if result is None else web.json_response(result)

    handle.__doc__ = act.__doc__
    return handle
