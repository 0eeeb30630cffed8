"""A mailbox's calendars: list, create, get.

Graph: List calendars; Create calendar; Get calendar. Names are unique within a mailbox.
"""

from typing import Any

from sandbox.tenant.graph import types
from sandbox.tenant.graph.access import CALENDAR_WRITE, EVENT_READ
from sandbox.tenant.graph.calendar import Folder
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, bad_request, item_not_found
from sandbox.tenant.graph.ids import new_pair
from sandbox.tenant.graph.paging import arrange, page, selected
from sandbox.tenant.graph.query import COLLECTION, SINGLE, options
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.state import Mailbox

PAGE = 10
WRITABLE = frozenset({"name", "color", "hexColor", "isDefaultCalendar", "owner"})


async def listed(graph: Graph, call: Call) -> Answer:
    """Return the calendars, the default one first."""
    mailbox = graph.access.mailbox(call.caller, call.params["id"], EVENT_READ)
    query = options(call, "calendar", COLLECTION)
    every = arrange([calendar_json(graph, folder, mailbox) for folder in folders(graph, mailbox).values()], query)
    items, annotations = page(call, every, query, query.top or PAGE)
    context = {"@odata.context": f"{call.base}/$metadata#users('{call.params['id']}')/calendars"}
    return Answer(200, {**context, **annotations, "value": [selected(item, query) for item in items]})


async def get(graph: Graph, call: Call) -> Answer:
    """Return one calendar."""
    mailbox = graph.access.mailbox(call.caller, call.params["id"], EVENT_READ)
    return Answer(
        200, selected(calendar_json(graph, _folder(graph, call, mailbox), mailbox), options(call, "calendar", SINGLE))
    )


async def get_default(graph: Graph, call: Call) -> Answer:
    """Return the default calendar."""
    mailbox = graph.access.mailbox(call.caller, call.params["id"], EVENT_READ)
    default = next(folder for folder in folders(graph, mailbox).values() if folder.default)
    return Answer(200, selected(calendar_json(graph, default, mailbox), options(call, "calendar", SINGLE)))


async def create(graph: Graph, call: Call) -> Answer:
    """Create a calendar."""
    mailbox, body = graph.access.mailbox(call.caller, call.params["id"], CALENDAR_WRITE), call.json_object()
    types.check("calendar", body)
    name = body.get("name")
    if body.keys() - WRITABLE or not isinstance(name, str) or not name.strip():
        raise bad_request("At least one property failed validation.", "ErrorPropertyValidationFailure")
    existing = folders(graph, mailbox)
    if name.lower() in (folder.name.lower() for folder in existing.values()):
        raise GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")
    created = Folder(new_pair()[0], name)
    existing[created.id] = created
    return Answer(201, calendar_json(graph, created, mailbox))


def folders(graph: Graph, mailbox: Mailbox) -> dict[str, Folder]:
    """Return a mailbox's calendars by id."""
    existing = graph.calendar(mailbox).folders
    if not existing:
        default = Folder(new_pair()[0], "Calendar", default=True)
        existing[default.id] = default
    return existing


def in_folder(graph: Graph, call: Call, mailbox: Mailbox) -> str:
    """Return the `folder` of events in the call's calendar. Raises GraphError (404) for an unknown calendar."""
    return _folder(graph, call, mailbox).events if "calendar" in call.params else ""


def _folder(graph: Graph, call: Call, mailbox: Mailbox) -> Folder:
    """Return the call's calendar."""
    folder = folders(graph, mailbox).get(call.params["calendar"])
    if folder is None:
        raise item_not_found()
    return folder


def calendar_json(graph: Graph, folder: Folder, mailbox: Mailbox) -> dict[str, Any]:
    """Return a calendar's properties; `owner` is who shared it, and may be missing."""
    is_unknown = not folder.default and graph.switches.is_on("ownersUnknown", mailbox.address)
    is_own = folder.owner is None
    return {
        "id": folder.id,
        "name": folder.name,
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": folder.default,
        "changeKey": folder.change_key,
        "canShare": is_own,
        "canViewPrivateItems": is_own,
        "canEdit": folder.can_edit,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": folder.default,
        "isRemovable": not folder.default,
        "owner": None if is_unknown else _owner(graph, folder, mailbox),
    }


def _owner(graph: Graph, folder: Folder, mailbox: Mailbox) -> Any:
    if folder.owner is None and mailbox.calendar_owner != "itself":
        return mailbox.calendar_owner
    owner = folder.owner or {"name": mailbox.display_name, "address": mailbox.address}
    return {**owner, "address": graph.spelled(owner["address"])}


ENDPOINTS = [
    Endpoint("GET", "/users/{id}/calendars", listed),
    Endpoint("POST", "/users/{id}/calendars", create),
    Endpoint("GET", "/users/{id}/calendars/{calendar}", get),
    Endpoint("GET", "/users/{id}/calendar", get_default),
]
