"""Applications: list, get and update.

Graph: List applications; Get application; Update application.
"""

from typing import Any

from sandbox.tenant.graph import types
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.directory.application_rules import checked_roles, checked_uris
from sandbox.tenant.graph.directory.errors import invalid
from sandbox.tenant.graph.directory.objects import applications
from sandbox.tenant.graph.directory.privileges import require_read, require_write
from sandbox.tenant.graph.directory.reading import listed, object_at, shown, single
from sandbox.tenant.graph.directory.writing import hidden_for_a_while
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.state import Client

COLLECTION = "applications"
CHANGED = ("appRoles", "displayName", "identifierUris", "optionalClaims")


async def list_all(graph: Graph, call: Call) -> Answer:
    """Return a page of all applications."""
    require_read(call.caller)
    return listed(graph, call, COLLECTION, shown(graph, COLLECTION, lambda _: True), "application")


async def get(graph: Graph, call: Call) -> Answer:
    """Return one application."""
    require_read(call.caller)
    return single(call, COLLECTION, object_at(graph, COLLECTION, call.params["id"]))


async def update(graph: Graph, call: Call) -> Answer:
    """Change an application and return 204."""
    require_write(call.caller)
    found, body = object_at(graph, COLLECTION, call.params["id"]), call.json_object()
    types.check("application", body)
    if other := sorted(body.keys() - set(CHANGED)):
        raise invalid(f"The sandbox does not change {', '.join(other)}.")
    if absent := [name for name in ("appRoles", "identifierUris") if name in body and body[name] is None]:
        raise invalid(f"Property {absent[0]} cannot be null.", "InvalidValue", absent[0])
    client = next(each for each in applications(graph.tenant) if each.application_id == found["id"])
    accepted = _accepted(graph, client, found, body)
    with (
        hidden_for_a_while(graph, COLLECTION, client.application_id),
        hidden_for_a_while(graph, "servicePrincipals", client.principal_id or ""),
    ):
        _store(graph, client, accepted)
    return Answer(204)


def _accepted(graph: Graph, client: Client, shown_now: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Return the changes after all checks against what reads show. Raises GraphError (400)."""
    accepted = dict(body)
    if "appRoles" in body:
        accepted["appRoles"] = checked_roles(shown_now.get("appRoles") or (), body["appRoles"])
    if "identifierUris" in body:
        others = [each for each in applications(graph.tenant) if each is not client]
        taken = {uri.lower() for each in others for uri in each.identifier_uris}
        names = (client.client_id, graph.tenant.tenant_id)
        accepted["identifierUris"] = checked_uris(client.identifier_uris, body["identifierUris"], names, taken)
    return accepted


def _store(graph: Graph, client: Client, accepted: dict[str, Any]) -> None:
    """Change the application. Assignments follow the id of their role; those of a role that went are gone, too."""
    before = {role["value"]: role["id"] for role in client.app_roles}
    client.display_name = accepted.get("displayName") or client.display_name
    client.identifier_uris = accepted.get("identifierUris", client.identifier_uris)
    client.optional_claims = _completed(accepted.get("optionalClaims", client.optional_claims))
    client.app_roles = accepted.get("appRoles", client.app_roles)
    after = {role["id"]: role["value"] for role in client.app_roles}
    for other in graph.tenant.clients.values():
        if held := other.assigned.get(client.client_id.lower()):
            values = {after.get(before[value]) for value in held if value in before}
            other.assigned[client.client_id.lower()] = {value for value in values if value} | (held & {""})


def _completed(claims: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return optional claims with the lists and fields that a client may leave out. (optionalClaim resource type)"""
    if claims is None:
        return None
    fields: dict[str, Any] = {"source": None, "essential": False, "additionalProperties": []}
    lists = ("idToken", "accessToken", "saml2Token")
    return {name: [fields | claim for claim in claims.get(name) or ()] for name in lists}


ENDPOINTS = [
    Endpoint("GET", "/applications", list_all),
    Endpoint("GET", "/applications/{id}", get),
    Endpoint("PATCH", "/applications/{id}", update),
]
