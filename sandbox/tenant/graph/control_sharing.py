"""Control of calendars that others shared with a mailbox, and of the mails that cancellations cause."""

from aiohttp import web

from sandbox.tenant.graph import booking
from sandbox.tenant.graph.calendar import Folder
from sandbox.tenant.graph.control_body import ControlError, body_of, control, only
from sandbox.tenant.graph.folders import calendar_json, folders
from sandbox.tenant.graph.ids import new_pair
from sandbox.tenant.graph.prefer import Preferences
from sandbox.tenant.graph.representation import event_json
from sandbox.tenant.graph.service import graph_of
from sandbox.tenant.state import Mailbox, Tenant

CALENDAR = "/_control/calendars/{address}"


def routes(tenant: Tenant) -> list[web.RouteDef]:
    """Return the routes."""
    return [
        web.post(f"{CALENDAR}/shared", control(tenant, share)),
        web.post(f"{CALENDAR}/shared/{{calendar}}/events", control(tenant, create)),
        web.get(f"{CALENDAR}/cancellations", control(tenant, cancellations)),
    ]


async def share(tenant: Tenant, request: web.Request) -> web.Response:
    """Share a calendar with the mailbox: {"owner": {"name", "address"}, "name"?, "canEdit"?}; return it."""
    graph, mailbox, body = graph_of(tenant), _mailbox(tenant, request), await body_of(request)
    only(body, owner=dict, name=str, canEdit=bool)
    owner = body.get("owner", {})
    only(owner, name=str, address=str)
    if "@" not in owner.get("address", ""):
        raise ValueError("owner: with an address")
    name = body.get("name") or owner["address"]
    folder = Folder(new_pair()[0], name, owner={"name": name, **owner}, can_edit=body.get("canEdit", True))
    folders(graph, mailbox)[folder.id] = folder
    return web.json_response(calendar_json(graph, folder, mailbox), status=201)


async def create(tenant: Tenant, request: web.Request) -> web.Response:
    """Write an event to a shared calendar, as its owner does, and return it."""
    graph, mailbox = graph_of(tenant), _mailbox(tenant, request)
    folder = folders(graph, mailbox).get(request.match_info["calendar"])
    if folder is None:
        raise ControlError(404, f"no calendar {request.match_info['calendar']}")
    event = booking.new_event(graph, mailbox, {"direct": True, **await body_of(request)})
    event.folder = folder.events
    graph.processing.created(mailbox, event)
    return web.json_response({**event_json(event, mailbox, Preferences()), "immutableId": event.ids[1]}, status=201)


async def cancellations(tenant: Tenant, request: web.Request) -> web.Response:
    """Return the mails to attendees of cancelled meetings: {"to", "body"}, in order."""
    return web.json_response({"value": graph_of(tenant).calendar(_mailbox(tenant, request)).cancellations})


def _mailbox(tenant: Tenant, request: web.Request) -> Mailbox:
    mailbox = tenant.mailboxes.get(request.match_info["address"].lower())
    if mailbox is None:
        raise ControlError(404, f"no mailbox {request.match_info['address']}")
    return mailbox
