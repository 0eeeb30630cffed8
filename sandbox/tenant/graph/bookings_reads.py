"""Bookings: businesses, services, staff, customers, appointments, the calendar view, and when staff is free.

Graph: List bookingBusinesses; Get bookingBusiness; List services; List staffMembers; List customers; List appointments;
Get bookingAppointment; List business calendarView; bookingBusiness: getStaffAvailability. Known issues: customer
booking (ErrorExceededFindCountLimit).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph.access import APPOINTMENT_WRITE, BOOKINGS_READ, STAFF_FREE
from sandbox.tenant.graph.bookings_rules import MINUTE, is_open, taken, times
from sandbox.tenant.graph.bookings_store import JSON, BookingBusiness
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import bad_request, item_not_found
from sandbox.tenant.graph.paging import page
from sandbox.tenant.graph.query import options
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.zones import instant, moment

EITHER = BOOKINGS_READ | APPOINTMENT_WRITE
PAGE = 100
LONGEST = timedelta(days=62)
READ_ONLY_BY_ID = ("reminders", "serviceNotes")


@asynccontextmanager
async def at_business(graph: Graph, call: Call, roles: frozenset[str]) -> AsyncIterator[BookingBusiness]:
    """Hold one of the app's places at a booking mailbox; raises GraphError: 403, 404, 429."""
    graph.access.require(call.caller, roles)
    business = graph.bookings.get(call.params["id"].lower())
    if business is None:
        raise item_not_found()
    with graph.throttle.mailbox(call.caller.client_id, business.id):
        await asyncio.sleep(float(graph.setting("latencySeconds")))
        yield business


def found(where: dict[str, JSON], key: str) -> JSON:
    """Return one of a business's things; raises GraphError (404)."""
    if key not in where:
        raise item_not_found()
    return where[key]


def appointment_json(appointment: JSON) -> JSON:
    """Return an appointment as Graph tells it: in UTC."""
    written = {name: _utc(at) for name, at in zip(("startDateTime", "endDateTime"), times(appointment), strict=True)}
    return {**appointment, **written}


async def businesses(graph: Graph, call: Call) -> Answer:
    """Return the ids and names of the businesses whose name holds a text; too many of them are an error."""
    graph.access.require(call.caller, BOOKINGS_READ)
    asked = options(call, "bookingBusiness", ("$count",), ("query",)).given.get("query", "").lower()
    matching = [one.fields for one in graph.bookings.values() if asked in one.fields["displayName"].lower()]
    if len(matching) > graph.setting("bookingsFound"):
        raise bad_request(
            "The GetBookingMailboxes request returned too many results. Please specify a query to limit the results.",
            "ErrorExceededFindCountLimit",
        )
    value = [{"id": one["id"], "displayName": one["displayName"]} for one in matching]
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#solutions/bookingBusinesses", "value": value})


async def business(graph: Graph, call: Call) -> Answer:
    """Return a business."""
    async with at_business(graph, call, EITHER) as one:
        return Answer(
            200, {"@odata.context": f"{call.base}/$metadata#solutions/bookingBusinesses/$entity", **one.fields}
        )


def listing(name: str, kind: str, roles: frozenset[str]) -> Callable[[Graph, Call], Awaitable[Answer]]:
    """Return the operation that lists one kind of a business's things."""

    async def listed(graph: Graph, call: Call) -> Answer:
        """Return a page."""
        async with at_business(graph, call, roles) as one:
            if name == "appointments":
                return _page(call, kind, [_listed(item) for item in one.visible(graph.clock.now())])
            return _page(call, kind, list(getattr(one, name).values()))

    return listed


async def calendar_view(graph: Graph, call: Call) -> Answer:
    """Return the appointments of a window."""
    async with at_business(graph, call, BOOKINGS_READ) as one:
        given = dict(call.query)
        try:
            first, last = instant(given["start"]), instant(given["end"])
        except (KeyError, ValueError) as error:
            raise bad_request("This request requires start and end.", "ErrorInvalidParameter") from error
        visible = [(item, *times(item)) for item in one.visible(graph.clock.now())]
        within = [_listed(item) for item, start, end in visible if start < last and end > first]
        return _page(call, "bookingAppointment", within, ("start", "end"))


async def appointment(graph: Graph, call: Call) -> Answer:
    """Return one appointment; by its id it is there at once."""
    async with at_business(graph, call, EITHER) as one:
        return Answer(200, appointment_json(found(one.appointments, call.params["appointment"])))


async def staff_availability(graph: Graph, call: Call) -> Answer:
    """Return what members of staff are in a window: available while the business works, busy where something stands."""
    async with at_business(graph, call, STAFF_FREE) as one:
        body = call.json_object()
        try:
            first, last = moment(body["startDateTime"]).utc, moment(body["endDateTime"]).utc
            ids = [str(member) for member in body["staffIds"]]
        except (KeyError, TypeError, ValueError) as error:
            raise bad_request(f"The parameters of the action are not valid: {error}") from error
        if set(body) != {"startDateTime", "endDateTime", "staffIds"} or not first < last <= first + LONGEST:
            raise bad_request("The parameters of the action are not valid.")
        value = [
            {"staffId": member, "availabilityItems": _items(one, member, first, last)}
            for member in ids
            if member in one.staff
        ]
        return Answer(200, {"value": value})


def _items(one: BookingBusiness, member: str, first: datetime, last: datetime) -> list[JSON]:
    """Return the items of a member: minutes of the same kind together."""
    busy = taken(one, member, None)
    items: list[Any] = []
    at = first
    while at < last:
        service = next((name for start, end, name in busy if start <= at < end), None)
        status = "busy" if service is not None else "available" if is_open(one, at) else ""
        if items and items[-1][0] == (status, service) and items[-1][2] == at:
            items[-1][2] = at + MINUTE
        else:
            items.append([(status, service), at, at + MINUTE])
        at += MINUTE
    return [
        {"status": status, "startDateTime": _utc(start), "endDateTime": _utc(end), "serviceId": service or ""}
        for (status, service), start, end in items
        if status
    ]


def _page(call: Call, kind: str, items: list[JSON], parameters: tuple[str, ...] = ()) -> Answer:
    asked = options(call, kind, ("$count", "$skiptoken"), parameters)
    value, annotations = page(call, items, asked, PAGE)
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#{call.path[-1]}", **annotations, "value": value})


def _listed(one: JSON) -> JSON:
    return {name: value for name, value in appointment_json(one).items() if name not in READ_ONLY_BY_ID}


def _utc(at: datetime) -> dict[str, str]:
    """Return a moment as Bookings writes it: with an offset beside its zone."""
    return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000Z", "timeZone": "UTC"}


ROOT = "/solutions/bookingBusinesses"
ENDPOINTS = [
    Endpoint("GET", ROOT, businesses),
    Endpoint("GET", ROOT + "/{id}", business),
    Endpoint("GET", ROOT + "/{id}/services", listing("services", "bookingService", EITHER)),
    Endpoint("GET", ROOT + "/{id}/staffMembers", listing("staff", "bookingStaffMember", EITHER)),
    Endpoint("GET", ROOT + "/{id}/customers", listing("customers", "bookingCustomer", BOOKINGS_READ)),
    Endpoint("GET", ROOT + "/{id}/appointments", listing("appointments", "bookingAppointment", EITHER)),
    Endpoint("GET", ROOT + "/{id}/appointments/{appointment}", appointment),
    Endpoint("GET", ROOT + "/{id}/calendarView", calendar_view),
    Endpoint("POST", ROOT + "/{id}/getStaffAvailability", staff_availability),
]
