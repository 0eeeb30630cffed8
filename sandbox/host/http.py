"""The HTTP front end: one handler on aiohttp's low-level server, without a task for each request."""

import asyncio
from typing import Any

import azure.functions as func
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from azure.functions.http import HttpRequest
from multidict import CIMultiDict

from sandbox.host.admin import Admin
from sandbox.host.invocation import InvocationFailed, Invoker
from sandbox.host.keys import Keys
from sandbox.host.plan import FunctionPlan
from sandbox.host.routes import RouteTable

_OWN_HEADERS = {"content-length", "transfer-encoding"}


class HttpFrontEnd:
    """Dispatches requests to the functions' routes, and /admin to the host's own. `max_body` is in bytes."""

    def __init__(self, routes: RouteTable, keys: Keys, invoker: Invoker, admin: Admin, max_body: int) -> None:
        self._routes = routes
        self._keys = keys
        self._invoker = invoker
        self._admin = admin
        self._max_body = max_body

    def server(self) -> web.Server:
        """Return the server; bodies are limited here, not by aiohttp's default of one MiB."""
        return web.Server(self.handle, request_factory=self._request, access_log=None, auto_decompress=False)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        """Create aiohttp's request, with the host's limit on the body."""
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=self._max_body + 1)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Handle one request."""
        url = request.rel_url
        path = url.raw_path
        if path[:7].lower() == "/admin/":
            return await self._admin.handle(request)
        plan, route_parameters, status = self._routes.find(request.method, path)
        if plan is None:
            return web.Response(status=status)
        level = plan.trigger.get("authLevel", "FUNCTION")
        if level != "ANONYMOUS" and not self._keys.allow(level, request.headers, url):
            return web.Response(status=401)
        # Without a Content-Length the worker gets an empty body, even of a chunked request.
        length = request.content_length or 0
        if length > self._max_body:
            return web.Response(status=413)
        if "expect" in request.headers:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await request.read() if length else b""
        return await self._answer(plan, _http_request(request, route_parameters, body))

    async def _answer(self, plan: FunctionPlan, argument: HttpRequest) -> web.Response:
        """Invoke the function and map the result; a failure becomes a 500 without details."""
        try:
            result = await self._invoker.invoke(plan, argument)
        except InvocationFailed:
            return web.Response(status=500)
        return response_of(result)


def _http_request(request: web.BaseRequest, route_parameters: dict[str, str], body: bytes) -> HttpRequest:
    """Return the function's argument: lower-case names, repeated headers joined by commas, no empty query values."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    url = request.rel_url
    query = url.query if url.raw_query_string else {}
    joined: dict[str, list[str]] = {}
    for name, value in query.items():
        joined.setdefault(name, []).append(value)
    return HttpRequest(
        method=request.method,
        url=f"{request.scheme}://{headers.get('host', 'localhost')}{request.raw_path}",
        headers=headers,
        params={name: text for name, values in joined.items() if (text := ",".join(values))},
        route_params=route_parameters,
        body_type="bytes",
        body=body,
    )


def response_of(result: Any) -> web.Response:
    """Map a function's result to a response: an HttpResponse, text as the body, or 204 if no output was set."""
    if result is None:
        return web.Response(status=204)
    if not isinstance(result, func.HttpResponse):
        return web.Response(text=str(result))
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in result.headers.items():
        if name.lower() == "set-cookie":
            headers.add(name, value)
        elif name.lower() not in _OWN_HEADERS:
            headers[name] = value  # the worker passes headers as a mapping: of a repeated name only the last remains
    if "content-type" not in headers:
        is_text = result.mimetype.startswith("text/")
        charset = f"; charset={result.charset}" if is_text else ""
        headers["Content-Type"] = result.mimetype + charset
    return web.Response(status=result.status_code, body=result.get_body(), headers=headers)
