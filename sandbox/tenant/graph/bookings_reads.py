"""Bookings, reads: businesses, services, staff, customers, appointments, calendar view and staff availability.

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
from sandbox.tenant.graph.bookings_rules import is_open, times
from sandbox.tenant.graph.bookings_staff import MINUTE, shown_statuses
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
_URL_LETTERS = str.maketrans("/+", "-_")


@asynccontextmanager
async def at_business(graph: Graph, call: Call, roles: frozenset[str]) -> AsyncIterator[BookingBusiness]:
    """Hold one of the app's concurrent requests to a booking mailbox. Raises GraphError: 403, 404, 429."""
    graph.access.require(call.caller, roles)
    business = graph.bookings.get(call.params["id"].lower())
    if business is None:
        raise item_not_found()
    with graph.throttle.mailbox(call.caller.client_id, business.id):
        await asyncio.sleep(float(graph.setting("latencySeconds")))
        yield business


def lookup(where: dict[str, JSON], key: str) -> JSON:
    """Return an object of a business by id, also by one with - and _ in place of slash and plus, as Outlook's ids have
    (msgraph-sdk-python, issue 658). Raises GraphError (404).
    """
    spelled = {each.translate(_URL_LETTERS): each for each in where}
    known = key if key in where else spelled.get(key)
    if known is None:
        raise item_not_found()
    return where[known]


def appointment_json(appointment: JSON) -> JSON:
    """Return an appointment as Graph does, with times in UTC."""
    utc = {name: _utc(at) for name, at in zip(("startDateTime", "endDateTime"), times(appointment), strict=True)}
    return {**appointment, **utc}


async def businesses(graph: Graph, call: Call) -> Answer:
    """Return id and name of the businesses whose name contains a text; too many matches are an error."""
    graph.access.require(call.caller, BOOKINGS_READ)
    text = options(call, "bookingBusiness", ("$count",), ("query",)).given.get("query", "").lower()
    every = (business.fields for business in graph.bookings.values())
    matching = [fields for fields in every if text in fields["displayName"].lower()]
    if len(matching) > graph.setting("bookingsFound"):
        raise bad_request(
            "The GetBookingMailboxes request returned too many results. Please specify a query to limit the results.",
            "ErrorExceededFindCountLimit",
        )
    value = [{"id": fields["id"], "displayName": fields["displayName"]} for fields in matching]
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#solutions/bookingBusinesses", "value": value})


async def business(graph: Graph, call: Call) -> Answer:
    """Return a business."""
    async with at_business(graph, call, EITHER) as business:
        return Answer(
            200, {"@odata.context": f"{call.base}/$metadata#solutions/bookingBusinesses/$entity", **business.fields}
        )


def listing(name: str, kind: str, roles: frozenset[str]) -> Callable[[Graph, Call], Awaitable[Answer]]:
    """Return the operation that lists one kind of a business's objects."""

    async def listed(graph: Graph, call: Call) -> Answer:
        """Return a page."""
        async with at_business(graph, call, roles) as business:
            if name == "appointments":
                return _page(call, kind, [_listed(graph, business, item) for item in _listable(graph, business)])
            return _page(call, kind, list(getattr(business, name).values()))

    return listed


async def calendar_view(graph: Graph, call: Call) -> Answer:
    """Return the appointments in a window."""
    async with at_business(graph, call, BOOKINGS_READ) as business:
        given = dict(call.query)
        try:
            first, last = instant(given["start"]), instant(given["end"])
        except (KeyError, ValueError) as error:
            raise bad_request("This request requires start and end.", "ErrorInvalidParameter") from error
        visible = [(item, *times(item)) for item in _listable(graph, business)]
        within = [_listed(graph, business, item) for item, start, end in visible if start < last and end > first]
        return _page(call, "bookingAppointment", within, ("start", "end"))


async def appointment(graph: Graph, call: Call) -> Answer:
    """Return one appointment; unlike in lists, a new one is available immediately."""
    async with at_business(graph, call, EITHER) as business:
        found = lookup(business.appointments, call.params["appointment"])
        if _is_left_out(graph, business, "appointmentsNotFound", found["id"]):
            raise item_not_found()
        if business.readable.get(found["id"], graph.clock.now()) > graph.clock.now():
            raise item_not_found()
        return Answer(200, appointment_json(found))


async def staff_availability(graph: Graph, call: Call) -> Answer:
    """Return the availability of staff in a window: busy where booked, otherwise available in business hours."""
    async with at_business(graph, call, STAFF_FREE) as business:
        body = call.json_object()
        try:
            first, last = moment(body["startDateTime"]).utc, moment(body["endDateTime"]).utc
            ids = [str(member) for member in body["staffIds"]]
        except (KeyError, TypeError, ValueError) as error:
            raise bad_request(f"The parameters of the action are not valid: {error}") from error
        if set(body) != {"startDateTime", "endDateTime", "staffIds"} or not first < last <= first + LONGEST:
            raise bad_request("The parameters of the action are not valid.")
        value = [
            {"staffId": member, "availabilityItems": _items(graph, business, member, first, last)}
            for member in ids
            if member in business.staff
        ]
        return Answer(200, {"value": value})


def _visible(graph: Graph, business: BookingBusiness) -> list[JSON]:
    return business.visible(graph.clock.now())


def _listable(graph: Graph, business: BookingBusiness) -> list[JSON]:
    """Return the appointments that lists show."""
    visible = _visible(graph, business)
    return [item for item in visible if not _is_left_out(graph, business, "appointmentListsLack", item["id"])]


def _is_left_out(graph: Graph, business: BookingBusiness, behaviour: str, key: str) -> bool:
    """Return whether an answer lacks an appointment that stands: all do, or about half of them, drawn from the seed."""
    choice = graph.switches.choice(behaviour, business.id)
    return choice == "all" or (choice == "half" and graph.switches.is_in_half(business.id, key))


def _items(graph: Graph, business: BookingBusiness, member: str, first: datetime, last: datetime) -> list[JSON]:
    """Return the availability items of a member; consecutive minutes of the same status are merged."""
    engaged = shown_statuses(graph, business, member)
    items: list[Any] = []
    at = first
    while at < last:
        status, service = next(((what, name) for start, end, what, name in engaged if start <= at < end), ("", None))
        status = status or ("available" if is_open(business, at) else "")
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
    query = options(call, kind, ("$count", "$skiptoken"), parameters)
    value, annotations = page(call, items, query, PAGE)
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#{call.path[-1]}", **annotations, "value": value})


def _listed(graph: Graph, business: BookingBusiness, appointment: JSON) -> JSON:
    kept = {name: value for name, value in appointment_json(appointment).items() if name not in READ_ONLY_BY_ID}
    return kept | ({"customers": []} if graph.switches.is_on("listsWithoutCustomers", business.id) else {})


def _utc(at: datetime) -> dict[str, str]:
    """Return a time as Bookings writes it: with both an offset and a zone."""
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
