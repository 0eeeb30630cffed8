"""Carry out one call, single or part of a batch: check its token, find its operation, convert its error."""

from sandbox.tenant.graph.call import Answer, Call, unauthorized
from sandbox.tenant.graph.errors import ONLY_DELEGATED, GraphError, access_denied, bad_request
from sandbox.tenant.graph.routing import Endpoint, find
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.tokens import GRAPH, Refused


async def perform(graph: Graph, call: Call, endpoints: list[Endpoint]) -> Answer:
    """Carry out a call for the app of its token. Raises GraphError."""
    if graph.lies.refused is not None:
        graph.tenant.calls[f"{call.method} refused"] += 1
    if graph.lies.refused == 401:
        raise unauthorized("InvalidAuthenticationToken", "Access token validation failure.")
    if graph.lies.refused == 403:
        raise access_denied()
    try:
        call.caller = graph.tenant.tokens.check(call.headers.get("Authorization"), GRAPH)
    except Refused as error:
        raise unauthorized(error.code, error.text) from error
    if call.path and call.path[0].lower() == "me":
        raise bad_request(ONLY_DELEGATED)
    endpoint, call.params = find(endpoints, call.method, call.path)
    graph.tenant.calls[f"{endpoint.method} {endpoint.template}"] += 1
    return await endpoint.handler(graph, call)


def refusal(graph: Graph, call: Call, error: GraphError) -> Answer:
    """Return the response for an error."""
    body = error.body(graph.clock.now(), call.request_id, call.client_request_id)
    return Answer(error.status, body, error.headers)
