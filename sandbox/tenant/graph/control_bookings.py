"""Control of booking businesses: create one, act as its staff and customers, and return what is stored."""

from typing import Any

from aiohttp import web

from sandbox.tenant.graph import bookings_people, types
from sandbox.tenant.graph.bookings_store import BookingBusiness, new_business
from sandbox.tenant.graph.control_body import ControlError, body_of, control, only
from sandbox.tenant.graph.service import graph_of
from sandbox.tenant.graph.zones import instant, zone_info
from sandbox.tenant.state import Tenant

BUSINESS = "/_control/bookings/{address}"
APPOINTMENT = BUSINESS + "/appointments/{appointment}"
KINDS = {"services": "bookingService", "staff": "bookingStaffMember", "customers": "bookingCustomer"}


def routes(tenant: Tenant) -> list[web.RouteDef]:
    """Return the control routes of booking businesses."""
    return [
        web.post("/_control/bookings", control(tenant, create)),
        web.get(BUSINESS, control(tenant, view)),
        web.post(BUSINESS + "/busy", control(tenant, keep_busy)),
        web.post(BUSINESS + "/appointments", control(tenant, book)),
        web.patch(APPOINTMENT, control(tenant, move)),
        web.delete(APPOINTMENT, control(tenant, cancel)),
    ]


async def create(tenant: Tenant, request: web.Request) -> web.Response:
    """Create a business: {"address", "displayName"?, "timeZone"?, "businessHours"?, "services"?, "staff"?, …}.

    Also "schedulingPolicy" and "customers". Values have the names of Graph's types; missing ones get defaults.
    """
    body, bookings = await body_of(request), graph_of(tenant).bookings
    only(
        body,
        address=str,
        displayName=str,
        timeZone=str,
        businessHours=list,
        schedulingPolicy=dict,
        services=list,
        staff=list,
        customers=list,
    )
    if "@" not in body.get("address", ""):
        raise ValueError("address: name@domain")
    zone_info(body.get("timeZone", "UTC"))
    business = new_business(body)
    faults = types.faults("bookingBusiness", business.fields)
    faults += [
        fault
        for name, kind in KINDS.items()
        for item in getattr(business, name).values()
        for fault in types.faults(kind, item)
    ]
    if faults:
        raise ValueError("; ".join(faults))
    bookings[business.id.lower()] = business
    return web.json_response(_json(business), status=201)


async def view(tenant: Tenant, request: web.Request) -> web.Response:
    """Return a business with everything that is stored of it."""
    return web.json_response(_json(_business(tenant, request)))


async def keep_busy(tenant: Tenant, request: web.Request) -> web.Response:
    """Add another engagement for a member of staff: {"staffId", "start", "end"}."""
    business, body = _business(tenant, request), await body_of(request)
    only(body, staffId=str, start=str, end=str)
    if body.get("staffId") not in business.staff:
        raise ControlError(404, "no such staff")
    business.busy.setdefault(body["staffId"], []).append((instant(body["start"]), instant(body["end"])))
    return web.json_response(body, status=201)


async def book(tenant: Tenant, request: web.Request) -> web.Response:
    """Make an appointment as a customer does on the business's page: {"serviceId", "start", "end"?, "staffIds"?}."""
    business, body = _business(tenant, request), await body_of(request)
    only(body, serviceId=str, start=str, end=str, staffIds=list)
    made = bookings_people.book(graph_of(tenant), business, body)
    return web.json_response(made, status=201)


async def move(tenant: Tenant, request: web.Request) -> web.Response:
    """Change an appointment as staff does in Bookings: {"start"?, "end"?, "staffIds"?, "serviceId"?}."""
    business, body = _business(tenant, request), await body_of(request)
    only(body, serviceId=str, start=str, end=str, staffIds=list)
    return web.json_response(bookings_people.move(graph_of(tenant), business, _appointment(business, request), body))


async def cancel(tenant: Tenant, request: web.Request) -> web.Response:
    """Cancel an appointment as staff or customer does."""
    business = _business(tenant, request)
    key = _appointment(business, request)
    bookings_people.cancel(graph_of(tenant), business, key)
    return web.json_response({"id": key})


def _appointment(business: BookingBusiness, request: web.Request) -> str:
    key = str(request.match_info["appointment"])
    if key not in business.appointments:
        raise ControlError(404, "no such appointment")
    return key


def _business(tenant: Tenant, request: web.Request) -> BookingBusiness:
    business = graph_of(tenant).bookings.get(request.match_info["address"].lower())
    if business is None:
        raise ControlError(404, f"no booking business {request.match_info['address']}")
    return business


def _json(business: BookingBusiness) -> dict[str, Any]:
    kinds = ("services", "staff", "customers", "appointments")
    return {
        "business": business.fields,
        **{name: list(getattr(business, name).values()) for name in kinds},
        "cancelled": business.cancelled,
        "mails": business.mails,
    }
