"""Events, reads: list, get, instances, calendarView.

Graph: List events; Get event; List instances; List calendarView.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph import ids
from sandbox.tenant.graph.access import EVENT_READ
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import bad_request, item_not_found
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.extended import has_pair, shown
from sandbox.tenant.graph.folders import calendar_json, folders, in_folder
from sandbox.tenant.graph.paging import arrange, page, selected
from sandbox.tenant.graph.prefer import Preferences, preferences
from sandbox.tenant.graph.query import COLLECTION, LARGEST_TOP, PROPERTY_FILTER, SINGLE, Options, options
from sandbox.tenant.graph.representation import BODIES, event_json, spelled
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.zones import instant
from sandbox.tenant.state import Mailbox

EXPANDS = ("$expand",)
PAGE = 10
"""Outlook's page size without $top or odata.maxpagesize."""
LONGEST_DAYS = 1825
WINDOW = ("startDateTime", "endDateTime")


async def listed(graph: Graph, call: Call) -> Answer:
    """Return single events and series masters."""
    async with at_mailbox(graph, call) as mailbox:
        folder = in_folder(graph, call, mailbox)
        # Only events of a mailbox are found by an extended property, not those of one of its calendars.
        found = (PROPERTY_FILTER,) if call.path[2:] == ["events"] else ()
        return _many(graph, call, mailbox, graph.listed(mailbox).events(folder), found)


async def get(graph: Graph, call: Call) -> Answer:
    """Return one event, by either form of its id."""
    async with at_mailbox(graph, call) as mailbox:
        query, preferred = options(call, "event", (*SINGLE, *EXPANDS)), preferences(call)
        event = _readable(graph, call, mailbox)
        item = _expanded(graph, call, event, mailbox, preferred, query)
        context = f"{call.base}/$metadata#users('{call.params['id']}')/events/$entity"
        return Answer(200, {"@odata.context": context, **item}, preferred.headers())


async def calendar_of(graph: Graph, call: Call) -> Answer:
    """Return the calendar that contains an event."""
    async with at_mailbox(graph, call) as mailbox:
        query, event = options(call, "calendar", SINGLE), _readable(graph, call, mailbox)
        inside = next(each for each in folders(graph, mailbox).values() if each.events == event.folder)
        return Answer(200, selected(calendar_json(graph, inside, mailbox), query))


async def instances(graph: Graph, call: Call) -> Answer:
    """Return a series' occurrences and exceptions in a window."""
    async with at_mailbox(graph, call) as mailbox:
        master, (after, before) = find_event(graph, call, mailbox), _window(call)
        if master.rule is None:
            raise bad_request("The event is not a recurring master.", "ErrorInvalidRequest")
        events = graph.calendar(mailbox).instances(master, after, before)
        return _many(graph, call, mailbox, events, WINDOW)


async def calendar_view(graph: Graph, call: Call) -> Answer:
    """Return all events in a window, series as occurrences."""
    async with at_mailbox(graph, call) as mailbox:
        (after, before), folder = _window(call), in_folder(graph, call, mailbox)
        return _many(graph, call, mailbox, graph.listed(mailbox).view(after, before, folder), WINDOW)


@asynccontextmanager
async def at_mailbox(graph: Graph, call: Call, roles: frozenset[str] = EVENT_READ) -> AsyncIterator[Mailbox]:
    """Hold one of the app's concurrent requests to the call's mailbox, for at least latencySeconds."""
    mailbox = graph.access.mailbox(call.caller, call.params["id"], roles)
    with graph.throttle.mailbox(call.caller.client_id, mailbox.id):
        await asyncio.sleep(float(graph.setting("latencySeconds")))
        yield mailbox


def find_event(graph: Graph, call: Call, mailbox: Mailbox) -> Event:
    """Return the call's event. Raises GraphError: 400 for a malformed id, 404 for an unknown one."""
    event_id = call.params["event"]
    if not ids.well_formed(event_id):
        raise bad_request("Id is malformed.", "ErrorInvalidIdMalformed")
    event = graph.calendar(mailbox).find(event_id)
    if event is None:
        raise item_not_found()
    return event


def _readable(graph: Graph, call: Call, mailbox: Mailbox) -> Event:
    """Return the call's event, which a read by its id may not find yet (msgraph-sdk-java issue 1225)."""
    event = find_event(graph, call, mailbox)
    unseen = graph.switches.number("createdUnseenSeconds", mailbox.address, event.ids[1])
    if graph.clock.now() - event.created < timedelta(seconds=max(unseen, graph.lies.unreadable_seconds)):
        raise item_not_found()
    return event


def _window(call: Call) -> tuple[datetime, datetime]:
    """Return the window of a call. Raises GraphError (400) when it is missing, invalid, reversed or too long."""
    given = {name.lower(): value for name, value in call.query}
    if not all(given.get(name.lower()) for name in WINDOW):
        raise bad_request(
            "This request requires a time window specified by the query string parameters "
            "StartDateTime and EndDateTime.",
            "ErrorInvalidParameter",
        )
    try:
        # An unencoded plus sign of an offset arrives as a space and is invalid, as in Graph.
        after, before = (instant(given[name.lower()]) for name in WINDOW)
    except ValueError as error:
        raise bad_request(
            f"The value of StartDateTime or EndDateTime is invalid: {error}", "ErrorInvalidParameter"
        ) from error
    if before < after:
        raise bad_request("The EndDateTime cannot be before the StartDateTime.", "ErrorInvalidParameter")
    if before - after > timedelta(days=LONGEST_DAYS):
        text = "The range between the start and end dates is greater than the allowed range. Maximum number of days:"
        raise bad_request(f"Your request can't be completed. {text} {LONGEST_DAYS}", "ErrorInvalidRequest")
    return after, before


def _many(graph: Graph, call: Call, mailbox: Mailbox, events: Sequence[Event], parameters: Sequence[str]) -> Answer:
    """Return a page of events."""
    query, preferred = options(call, "event", (*COLLECTION, *EXPANDS), parameters), preferences(call)
    if query.pair is not None:
        events = [event for event in events if has_pair(event.properties, query.pair)]
    size = query.top or min(preferred.page_size or PAGE, LARGEST_TOP)
    if query.condition or query.orderby:
        by_item = {id(item := visible_event(graph, call, each, mailbox, preferred)): (item, each) for each in events}
        arranged = arrange([item for item, _ in by_item.values()], query)
        events = [by_item[id(item)][1] for item in arranged]
    # Convert only the events of this page: a full calendar has tens of thousands.
    chosen, annotations = page(call, events, query, size)
    value = [_expanded(graph, call, event, mailbox, preferred, query) for event in chosen]
    context = f"{call.base}/$metadata#users('{call.params['id']}')/{call.path[-1]}"
    return Answer(200, {"@odata.context": context, **annotations, "value": value}, preferred.headers())


def visible_event(graph: Graph, call: Call, event: Event, mailbox: Mailbox, preferred: Preferences) -> dict[str, Any]:
    """Return an event as this caller may see it."""
    spelling = graph.switches.choice("valuesSpelled", mailbox.address)
    item = spelled(event_json(event, mailbox, preferred), spelling)
    if graph.switches.is_on("capitalsInAddresses", mailbox.address):
        item |= {"organizer": _spelled(item["organizer"]), "attendees": [_spelled(each) for each in item["attendees"]]}
    if graph.access.basic_only(call.caller, mailbox):
        return {name: value for name, value in item.items() if name not in BODIES}
    return item


def _expanded(
    graph: Graph, call: Call, event: Event, mailbox: Mailbox, preferred: Preferences, query: Options
) -> dict[str, Any]:
    """Return an event's selected properties, and those that $expand adds."""
    item = selected(visible_event(graph, call, event, mailbox, preferred), query)
    return item if graph.access.basic_only(call.caller, mailbox) else item | shown(event.properties, query.expand)


def _spelled(recipient: dict[str, Any]) -> dict[str, Any]:
    """Return a recipient with another spelling of its address."""
    email = recipient["emailAddress"]
    return {**recipient, "emailAddress": {**email, "address": email["address"].title()}}


ENDPOINTS = [
    Endpoint("GET", "/users/{id}/events", listed),
    Endpoint("GET", "/users/{id}/events/{event}", get),
    Endpoint("GET", "/users/{id}/events/{event}/calendar", calendar_of),
    Endpoint("GET", "/users/{id}/events/{event}/instances", instances),
    Endpoint("GET", "/users/{id}/calendarView", calendar_view),
    Endpoint("GET", "/users/{id}/calendar/events", listed),
    Endpoint("GET", "/users/{id}/calendar/events/{event}", get),
    Endpoint("GET", "/users/{id}/calendar/calendarView", calendar_view),
    Endpoint("GET", "/users/{id}/calendars/{calendar}/events", listed),
    Endpoint("GET", "/users/{id}/calendars/{calendar}/events/{event}", get),
    Endpoint("GET", "/users/{id}/calendars/{calendar}/calendarView", calendar_view),
]
