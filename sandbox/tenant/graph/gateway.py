"""The entry point of the simulated Graph: convert HTTP to a call and its response back to HTTP.

Graph: Best practices for working with Microsoft Graph (client-request-id and request-id).
"""

import json
import time
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict

from sandbox.tenant.graph import (
    batch,
    bookings,
    directory,
    events,
    folders,
    removing,
    rooms,
    schedules,
    subscriptions,
    users,
    writing,
)
from sandbox.tenant.graph.call import Call
from sandbox.tenant.graph.dispatch import perform, refusal
from sandbox.tenant.graph.errors import GraphError, bad_request
from sandbox.tenant.graph.routing import segments
from sandbox.tenant.graph.service import Graph, graph_of
from sandbox.tenant.state import Tenant

PARTS = (subscriptions, events, writing, removing, folders, schedules, users, rooms, bookings, directory)
SINGLE = [endpoint for part in PARTS for endpoint in part.ENDPOINTS]
ENDPOINTS = [*SINGLE, batch.endpoint(SINGLE)]
"""A batch contains only single calls: Graph does not nest batches."""


def routes(tenant: Tenant) -> list[web.RouteDef]:
    """Return one route for all of Graph; its paths are matched by the endpoints' templates."""

    async def serve(request: web.Request) -> web.Response:
        """Handle one HTTP request."""
        return await _serve(graph_of(tenant), request)

    return [web.route("*", "/v1.0/{path:.*}", serve)]


async def _serve(graph: Graph, request: web.Request) -> web.Response:
    """Read the request, carry it out, and return the response or error."""
    path = request.rel_url.raw_path.removeprefix("/v1.0/")
    call = Call(
        request.method,
        [unquote(part) for part in segments(path)],
        list(request.query.items()),
        CIMultiDict(request.headers),
        base=f"{request.url.origin()}/v1.0",
    )
    try:
        call.body = await _body(request)
        answer = await perform(graph, call, ENDPOINTS)
    except GraphError as error:
        answer = refusal(graph, call, error)
    headers = {**answer.headers, "request-id": call.request_id, "client-request-id": call.client_request_id}
    headers["Date"] = formatdate(time.time() + graph.lies.date_skew_seconds, usegmt=True)
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    text = json.dumps(answer.body, ensure_ascii=False)
    return web.Response(status=answer.status, headers=headers, text=text, content_type="application/json")


async def _body(request: web.Request) -> Any:
    """Return the JSON of a request, None without a body. Raises GraphError (400, 415) for anything else."""
    content = await request.read()
    if not content:
        return None
    if request.content_type != "application/json":
        raise GraphError(415, "UnsupportedMediaType", f"Unsupported content type '{request.content_type}'.")
    try:
        return json.loads(content)
    except ValueError as error:
        raise bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload "
            "is of valid JSON format."
        ) from error
