"""Bookings: make, change, cancel and delete appointments, and create customers.

Graph: Create bookingAppointment; Update bookingAppointment; Delete bookingAppointment; bookingAppointment: cancel;
Create bookingCustomer. Stricter than Graph: whatever its metadata says cannot be null has to be sent.
"""

import uuid
from datetime import timedelta
from typing import Any

from sandbox.tenant.graph import bookings_rules, types
from sandbox.tenant.graph.access import APPOINTMENT_CANCEL, APPOINTMENT_WRITE
from sandbox.tenant.graph.bookings_reads import appointment_json, at_business, found
from sandbox.tenant.graph.bookings_store import JSON, BookingBusiness
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.query import options
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph

NEEDED = (
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
    """Make an appointment."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        body = _checked(call)
        missing = [name for name in NEEDED if body.get(name) is None]
        if missing:
            raise bad_request(f"Missing: {', '.join(missing)}.")
        made = {**DEFAULTS, **_plain(body), "id": f"AAMk{uuid.uuid4().hex}AAA="}
        bookings_rules.check(business, {**made, "id": None}, graph.clock.now())
        made["customers"] = _customers(business, made)
        if made["isLocationOnline"]:
            made["joinWebUrl"] = f"https://teams.microsoft.com/l/meetup-join/{uuid.uuid4().hex}"
        made["createdDateTime"] = made["lastUpdatedDateTime"] = f"{graph.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        business.appointments[made["id"]] = made
        business.shown[made["id"]] = graph.clock.now() + timedelta(seconds=graph.setting("bookingsHiddenSeconds"))
        context = f"{call.base}/$metadata#solutions/bookingBusinesses('{business.id}')/appointments/$entity"
        return Answer(201, {"@odata.context": context, **appointment_json(made)})


async def change(graph: Graph, call: Call) -> Answer:
    """Change an appointment; nothing is answered."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        standing = found(business.appointments, call.params["appointment"])
        changed = {**standing, **_plain(_checked(call))}
        bookings_rules.check(business, changed, graph.clock.now())
        business.appointments[standing["id"]] = changed
        return Answer(204)


async def delete(graph: Graph, call: Call) -> Answer:
    """Delete an appointment."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        _remove(business, call)
        return Answer(204)


async def cancel(graph: Graph, call: Call) -> Answer:
    """Cancel an appointment, which tells its customers and staff."""
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
        made = {**body, "@odata.type": "#microsoft.graph.bookingCustomer", "id": str(uuid.uuid4())}
        business.customers[made["id"]] = made
        return Answer(201, made)


def _checked(call: Call) -> JSON:
    options(call, "bookingAppointment", ())
    body = call.json_object()
    types.check("bookingAppointment", body)
    return body


def _plain(body: JSON) -> JSON:
    return {name: value for name, value in body.items() if "@odata." not in name and name != "id"}


def _customers(business: BookingBusiness, made: JSON) -> list[JSON]:
    """Return the customers: of a service for several only those that exist; of others a new one is made if need be."""
    kept: list[Any] = []
    for one in made.get("customers") or []:
        if one.get("customerId") in business.customers:
            kept.append(one)
        elif made["maximumAttendeesCount"] == 1:
            customer = {
                "id": str(uuid.uuid4()),
                "displayName": one.get("name"),
                "phones": [],
                "addresses": [],
                "emailAddress": one.get("emailAddress"),
            }
            business.customers[customer["id"]] = customer
            kept.append({**one, "customerId": customer["id"]})
    return kept


def _remove(business: BookingBusiness, call: Call) -> JSON:
    removed = found(business.appointments, call.params["appointment"])
    del business.appointments[removed["id"]], business.shown[removed["id"]]
    return removed


ONE = "/solutions/bookingBusinesses/{id}/appointments/{appointment}"
ENDPOINTS = [
    Endpoint("POST", "/solutions/bookingBusinesses/{id}/appointments", create),
    Endpoint("PATCH", ONE, change),
    Endpoint("DELETE", ONE, delete),
    Endpoint("POST", ONE + "/cancel", cancel),
    Endpoint("POST", "/solutions/bookingBusinesses/{id}/customers", create_customer),
]
