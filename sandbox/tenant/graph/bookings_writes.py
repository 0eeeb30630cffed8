"""Bookings, writes: create, update, cancel and delete appointments, and create customers.

Graph: Create bookingAppointment; Update bookingAppointment; Delete bookingAppointment; bookingAppointment: cancel;
Create bookingCustomer. Stricter than Graph: every property that its metadata declares not nullable must be sent.
"""

import uuid
from datetime import timedelta
from typing import Any

from sandbox.tenant.graph import bookings_rules, types
from sandbox.tenant.graph.access import APPOINTMENT_CANCEL, APPOINTMENT_WRITE
from sandbox.tenant.graph.bookings_reads import appointment_json, at_business, lookup
from sandbox.tenant.graph.bookings_store import JSON, BookingBusiness
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.query import options
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph

REQUIRED = (
    "duration",
    "endDateTime",
    "filledAttendeesCount",
    "maximumAttendeesCount",
    "postBuffer",
    "preBuffer",
    "price",
    "priceType",
    "serviceName",
    "startDateTime",
)
DEFAULTS: JSON = {
    "additionalInformation": None,
    "anonymousJoinWebUrl": None,
    "appointmentLabel": None,
    "customerTimeZone": None,
    "isCustomerAllowedToManageBooking": False,
    "isLocationOnline": False,
    "joinWebUrl": None,
    "optOutOfCustomerEmail": False,
    "reminders": [],
    "selfServiceAppointmentId": str(uuid.UUID(int=0)),
    "serviceLocation": None,
    "serviceNotes": None,
    "smsNotificationsEnabled": False,
    "staffMemberIds": [],
}


async def create(graph: Graph, call: Call) -> Answer:
    """Create an appointment."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        body = _checked(call)
        missing = [name for name in REQUIRED if body.get(name) is None]
        if missing:
            raise bad_request(f"Missing: {', '.join(missing)}.")
        appointment = {**DEFAULTS, **_plain(body), "id": f"AAMk{uuid.uuid4().hex}AAA="}
        bookings_rules.check(business, {**appointment, "id": None}, graph.clock.now())
        appointment["customers"] = _customers(business, appointment)
        if appointment["isLocationOnline"]:
            appointment["joinWebUrl"] = f"https://teams.microsoft.com/l/meetup-join/{uuid.uuid4().hex}"
        now = graph.clock.now()
        appointment["createdDateTime"] = appointment["lastUpdatedDateTime"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        business.appointments[appointment["id"]] = appointment
        business.shown[appointment["id"]] = now + timedelta(seconds=graph.setting("bookingsHiddenSeconds"))
        context = f"{call.base}/$metadata#solutions/bookingBusinesses('{business.id}')/appointments/$entity"
        return Answer(201, {"@odata.context": context, **appointment_json(appointment)})


async def change(graph: Graph, call: Call) -> Answer:
    """Update an appointment; the response has no body."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        current = lookup(business.appointments, call.params["appointment"])
        changed = {**current, **_plain(_checked(call))}
        bookings_rules.check(business, changed, graph.clock.now())
        business.appointments[current["id"]] = changed
        return Answer(204)


async def delete(graph: Graph, call: Call) -> Answer:
    """Delete an appointment."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        _remove(business, call)
        return Answer(204)


async def cancel(graph: Graph, call: Call) -> Answer:
    """Cancel an appointment, which notifies its customers and staff."""
    async with at_business(graph, call, APPOINTMENT_CANCEL) as business:
        body = call.json_object()
        message = body.get("cancellationMessage")
        if set(body) - {"cancellationMessage"} or not isinstance(message, str | None):
            raise bad_request("The parameters of the action are not valid.")
        business.cancelled.append({**_remove(business, call), "cancellationMessage": message})
        return Answer(204)


async def create_customer(graph: Graph, call: Call) -> Answer:
    """Create a customer."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        body = call.json_object()
        types.check("bookingCustomer", body)
        customer = {**body, "@odata.type": "#microsoft.graph.bookingCustomer", "id": str(uuid.uuid4())}
        business.customers[customer["id"]] = customer
        return Answer(201, customer)


def _checked(call: Call) -> JSON:
    options(call, "bookingAppointment", ())
    body = call.json_object()
    types.check("bookingAppointment", body)
    return body


def _plain(body: JSON) -> JSON:
    return {name: value for name, value in body.items() if "@odata." not in name and name != "id"}


def _customers(business: BookingBusiness, appointment: JSON) -> list[JSON]:
    """Return the customers; a service for several takes only existing ones, others create missing ones."""
    kept: list[Any] = []
    for customer in appointment.get("customers") or []:
        if customer.get("customerId") in business.customers:
            kept.append(customer)
        elif appointment["maximumAttendeesCount"] == 1:
            created = {
                "id": str(uuid.uuid4()),
                "displayName": customer.get("name"),
                "phones": [],
                "addresses": [],
                "emailAddress": customer.get("emailAddress"),
            }
            business.customers[created["id"]] = created
            kept.append({**customer, "customerId": created["id"]})
    return kept


def _remove(business: BookingBusiness, call: Call) -> JSON:
    removed = lookup(business.appointments, call.params["appointment"])
    del business.appointments[removed["id"]], business.shown[removed["id"]]
    return removed


APPOINTMENT = "/solutions/bookingBusinesses/{id}/appointments/{appointment}"
ENDPOINTS = [
    Endpoint("POST", "/solutions/bookingBusinesses/{id}/appointments", create),
    Endpoint("PATCH", APPOINTMENT, change),
    Endpoint("DELETE", APPOINTMENT, delete),
    Endpoint("POST", APPOINTMENT + "/cancel", cancel),
    Endpoint("POST", "/solutions/bookingBusinesses/{id}/customers", create_customer),
]
