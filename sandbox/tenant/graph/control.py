"""Control of calendars: changes as users make them in Outlook, and the stored events to compare with."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox.tenant.graph import booking
from sandbox.tenant.graph.control_body import ControlError, body_of, control, only
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.prefer import Preferences
from sandbox.tenant.graph.processing import CANCELLED
from sandbox.tenant.graph.representation import event_json
from sandbox.tenant.graph.service import Graph, graph_of
from sandbox.tenant.graph.working_hours import checked_hours
from sandbox.tenant.graph.zones import instant
from sandbox.tenant.state import Mailbox, Tenant

CALENDAR = "/_control/calendars/{address}"
EMAIL_ADDRESS = frozenset({"name", "address"})


def routes(tenant: Tenant) -> list[web.RouteDef]:
    """Return the control routes of calendars."""
    return [
        web.post(f"{CALENDAR}/events", control(tenant, create)),
        web.patch(f"{CALENDAR}/events/{{id}}", control(tenant, change)),
        web.delete(f"{CALENDAR}/events/{{id}}", control(tenant, delete)),
        web.post(f"{CALENDAR}/events/{{id}}/cancel", control(tenant, cancel)),
        web.post(f"{CALENDAR}/events/{{id}}/softDelete", control(tenant, soft_delete)),
        web.post(f"{CALENDAR}/events/{{id}}/restore", control(tenant, restore)),
        web.post(f"{CALENDAR}/events/{{id}}/copy", control(tenant, copy)),
        web.get(CALENDAR, control(tenant, view)),
        web.put(f"{CALENDAR}/processing", control(tenant, set_processing)),
        web.put(f"{CALENDAR}/workingHours", control(tenant, set_working_hours)),
        web.put(f"{CALENDAR}/owner", control(tenant, set_owner)),
    ]


async def create(tenant: Tenant, request: web.Request) -> web.Response:
    """Book a meeting, or write it directly to the calendar (direct), and return it; rrule makes it a series."""
    graph, mailbox = graph_of(tenant), _mailbox(tenant, request)
    event = booking.new_event(graph, mailbox, await body_of(request))
    graph.processing.created(mailbox, event)
    return web.json_response(_json(mailbox, event), status=201)


async def change(tenant: Tenant, request: web.Request) -> web.Response:
    """Change an event, a series by its master, or one occurrence, and return it."""
    graph, mailbox = graph_of(tenant), _mailbox(tenant, request)
    event = _event(graph, mailbox, request)
    times = _times(event)
    booking.change(event, await body_of(request))
    if _times(event) != times and event.master is None:
        graph.calendar(mailbox).forget_exceptions(event)
    graph.processing.updated(mailbox, event)
    return web.json_response(_json(mailbox, event))


async def delete(tenant: Tenant, request: web.Request) -> web.Response:
    """Remove an event from the calendar."""
    graph, mailbox = graph_of(tenant), _mailbox(tenant, request)
    graph.processing.deleted(mailbox, _event(graph, mailbox, request))
    return web.json_response({"deleted": request.match_info["id"]})


async def cancel(tenant: Tenant, request: web.Request) -> web.Response:
    """Cancel as the organizer; a room keeps cancelled meetings (RemoveCanceledMeetings is off by default)."""
    graph, mailbox = graph_of(tenant), _mailbox(tenant, request)
    event = _event(graph, mailbox, request)
    for each in (event, *graph.calendar(mailbox).exceptions_of(event)):
        subject = each.fields["subject"].removeprefix(CANCELLED)
        each.fields = {**each.fields, "isCancelled": True, "showAs": "free", "subject": CANCELLED + subject}
    graph.processing.updated(mailbox, event)
    return web.json_response(_json(mailbox, event))


async def soft_delete(tenant: Tenant, request: web.Request) -> web.Response:
    """Move an event or a series to Deleted Items, as Outlook deletes: Graph finds it by its id only, and return it."""
    graph, mailbox = graph_of(tenant), _mailbox(tenant, request)
    event = _event(graph, mailbox, request)
    if event.type not in ("singleInstance", "seriesMaster") or event.id in graph.calendar(mailbox).deleted_items:
        raise ControlError(409, "not an event on the calendar, or one date of a series")
    graph.processing.moved_to_deleted_items(mailbox, event)
    return web.json_response(_json(mailbox, event))


async def restore(tenant: Tenant, request: web.Request) -> web.Response:
    """Move an event from Deleted Items back to the calendar, and return it."""
    graph, mailbox = graph_of(tenant), _mailbox(tenant, request)
    event = _event(graph, mailbox, request)
    if event.id not in graph.calendar(mailbox).deleted_items:
        raise ControlError(409, "not in Deleted Items")
    graph.processing.restored(mailbox, event)
    return web.json_response(_json(mailbox, event))


async def copy(tenant: Tenant, request: web.Request) -> web.Response:
    """Copy a single event as Outlook does, with its extended properties unless "bare": {"start"?, "end"?, "bare"?}.

    Whether Outlook copies extended properties is not documented.
    """
    graph, mailbox, body = graph_of(tenant), _mailbox(tenant, request), await body_of(request)
    original, bare, now = _event(graph, mailbox, request), body.pop("bare", False), graph.clock.now()
    if original.type != "singleInstance":
        raise ControlError(409, "not a single event")
    made = Event(original.start, original.end, dict(original.fields), now, now, folder=original.folder)
    made.uid, made.properties = f"{original.uid}C{made.change_key}", {} if bare else dict(original.properties)
    booking.change(made, body)
    graph.processing.created(mailbox, made)
    return web.json_response(_json(mailbox, made), status=201)


async def view(tenant: Tenant, request: web.Request) -> web.Response:
    """Return the calendar view with all fields, from start to end (default: 31 days back, 366 ahead)."""
    graph, mailbox = graph_of(tenant), _mailbox(tenant, request)
    now = graph.clock.now()
    after = instant(request.query["start"]) if "start" in request.query else now - timedelta(days=31)
    before = instant(request.query["end"]) if "end" in request.query else now + timedelta(days=366)
    events = graph.calendar(mailbox).view(after, before)
    return web.json_response({"value": [_json(mailbox, event) for event in events]})


async def set_processing(tenant: Tenant, request: web.Request) -> web.Response:
    """Set a room's calendar processing, with the names of Set-CalendarProcessing in camelCase."""
    mailbox, body = _mailbox(tenant, request), await body_of(request)
    graph_of(tenant).processing.rules[mailbox.id] = booking.room_rules(body)
    return web.json_response(body)


async def set_working_hours(tenant: Tenant, request: web.Request) -> web.Response:
    """Set a mailbox's working hours: Graph's workingHours."""
    mailbox = _mailbox(tenant, request)
    mailbox.working_hours = checked_hours(await body_of(request))
    return web.json_response(mailbox.working_hours)


async def set_owner(tenant: Tenant, request: web.Request) -> web.Response:
    """Set the owner of a mailbox's calendars: {"owner": emailAddress, null or "itself"}."""
    mailbox, body = _mailbox(tenant, request), await body_of(request)
    only(body, owner=(dict, str, type(None)))
    owner = body.get("owner", "itself")
    if (isinstance(owner, str) and owner != "itself") or (isinstance(owner, dict) and owner.keys() - EMAIL_ADDRESS):
        raise ValueError('owner: {"name", "address"}, null or "itself"')
    mailbox.calendar_owner = owner
    return web.json_response({"owner": owner})


def _times(event: Event) -> tuple[object, ...]:
    """Return what a series' exceptions depend on."""
    return event.start, event.end, event.rule.text if event.rule else None


def _mailbox(tenant: Tenant, request: web.Request) -> Mailbox:
    """Return the mailbox in the path."""
    mailbox = tenant.mailboxes.get(request.match_info["address"].lower())
    if mailbox is None:
        raise ControlError(404, f"no mailbox {request.match_info['address']}")
    return mailbox


def _event(graph: Graph, mailbox: Mailbox, request: web.Request) -> Event:
    """Return the event in the path, by either form of its id."""
    event = graph.calendar(mailbox).find(request.match_info["id"])
    if event is None:
        raise ControlError(404, f"no event {request.match_info['id']}")
    return event


def _json(mailbox: Mailbox, event: Event) -> dict[str, Any]:
    """Return an event with all fields in UTC, and with its immutable ids."""
    return {
        **event_json(event, mailbox, Preferences()),
        "immutableId": event.ids[1],
        "extendedProperties": event.properties,
        "seriesMasterImmutableId": event.master.ids[1] if event.master else None,
    }
