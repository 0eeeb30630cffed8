"""Users: list and get.

Graph: List users; Get a user. Rooms are users too.
"""

from typing import Any

from sandbox.tenant.graph.access import USER_READ
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, insufficient_privileges
from sandbox.tenant.graph.paging import arrange, page, selected
from sandbox.tenant.graph.query import MANY, ONE, options
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.state import Mailbox

PAGE = 100


async def listed(graph: Graph, call: Call) -> Answer:
    """Return all users, a page at a time."""
    graph.access.require(call.caller, USER_READ, insufficient_privileges())
    asked = options(call, "user", MANY)
    mailboxes = {one.id: one for one in graph.tenant.mailboxes.values()}
    found = arrange([_json(one) for one in mailboxes.values()], asked)
    items, annotations = page(call, found, asked, asked.top or PAGE)
    context = {"@odata.context": f"{call.base}/$metadata#users"}
    return Answer(200, {**context, **annotations, "value": [selected(item, asked) for item in items]})


async def get(graph: Graph, call: Call) -> Answer:
    """Return one user, by address or object id."""
    graph.access.require(call.caller, USER_READ, insufficient_privileges())
    asked, name = options(call, "user", ONE), call.params["id"]
    mailbox = graph.tenant.mailboxes.get(name.lower())
    if mailbox is None:
        text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        raise GraphError(404, "Request_ResourceNotFound", text)
    context = {"@odata.context": f"{call.base}/$metadata#users/$entity"}
    return Answer(200, {**context, **selected(_json(mailbox), asked)})


def _json(mailbox: Mailbox) -> dict[str, Any]:
    """Return the properties that Graph gives without $select."""
    return {
        "id": mailbox.id,
        "displayName": mailbox.display_name,
        "mail": mailbox.address,
        "userPrincipalName": mailbox.address,
        "businessPhones": [],
        "givenName": None,
        "jobTitle": None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": None,
    }


ENDPOINTS = [Endpoint("GET", "/users", listed), Endpoint("GET", "/users/{id}", get)]
