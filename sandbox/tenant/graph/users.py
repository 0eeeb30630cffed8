"""Users: list and get.

Graph: List users; Get a user. Rooms are users too.
"""

from typing import Any

from sandbox.tenant.graph.access import USER_READ
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, insufficient_privileges
from sandbox.tenant.graph.paging import arrange, page, selected
from sandbox.tenant.graph.query import COLLECTION, SINGLE, options
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.state import Mailbox

PAGE = 100


async def listed(graph: Graph, call: Call) -> Answer:
    """Return a page of all users."""
    graph.access.require(call.caller, USER_READ, insufficient_privileges())
    query = options(call, "user", COLLECTION)
    mailboxes = {mailbox.id: mailbox for mailbox in graph.tenant.mailboxes.values()}
    every = arrange([_json(mailbox) for mailbox in mailboxes.values()], query)
    items, annotations = page(call, every, query, query.top or PAGE)
    context = {"@odata.context": f"{call.base}/$metadata#users"}
    return Answer(200, {**context, **annotations, "value": [selected(item, query) for item in items]})


async def get(graph: Graph, call: Call) -> Answer:
    """Return one user, by address or object id."""
    graph.access.require(call.caller, USER_READ, insufficient_privileges())
    query, name = options(call, "user", SINGLE), call.params["id"]
    mailbox = graph.tenant.mailboxes.get(name.lower())
    if mailbox is None:
        text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        raise GraphError(404, "Request_ResourceNotFound", text)
    context = {"@odata.context": f"{call.base}/$metadata#users/$entity"}
    return Answer(200, {**context, **selected(_json(mailbox), query)})


def _json(mailbox: Mailbox) -> dict[str, Any]:
    """Return the properties that Graph returns without $select."""
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
