"""Bookings, writes: create, update, cancel and delete appointments.

Graph: Create bookingAppointment; Update bookingAppointment; Delete bookingAppointment; bookingAppointment: cancel.
Stricter than Graph: every property that its metadata declares not nullable must be sent.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sandbox.tenant.graph import bookings_rules, types
from sandbox.tenant.graph.access import APPOINTMENT_CANCEL, APPOINTMENT_WRITE
from sandbox.tenant.graph.bookings_customers import customers_of, replaced_customers
from sandbox.tenant.graph.bookings_reads import appointment_json, at_business, lookup
from sandbox.tenant.graph.bookings_store import JSON, BookingBusiness
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, bad_request
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
        appointment = {**DEFAULTS, **_plain(body), "id": new_id(graph, business)}
        _check(graph, business, {**appointment, "id": None})
        with _failing(graph, business, appointment["id"]):
            _store_new(graph, business, appointment)
        context = f"{call.base}/$metadata#solutions/bookingBusinesses('{business.id}')/appointments/$entity"
        answer = {"@odata.context": context, **appointment_json(appointment)}
        late = {"joinWebUrl": None} if graph.switches.is_on("joinLinkLate", business.id) else {}
        return Answer(201, answer | late)


async def change(graph: Graph, call: Call) -> Answer:
    """Update an appointment; the response has no body."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        current = lookup(business.appointments, call.params["appointment"])
        body = _plain(_checked(call))
        changed = {**current, **body}
        _check(graph, business, changed)
        with _failing(graph, business, f"{current['id']} {graph.clock.now()}"):
            if "customers" in body:
                changed["customers"] = replaced_customers(business, changed)
                changed["filledAttendeesCount"] = len(changed["customers"])
            changed["lastUpdatedDateTime"] = f"{graph.clock.now():%Y-%m-%dT%H:%M:%SZ}"
            business.put(changed, graph.clock.now(), lag_of(graph, business, current["id"]))
            business.mail(changed, "update")
        return Answer(204)


async def delete(graph: Graph, call: Call) -> Answer:
    """Delete an appointment."""
    async with at_business(graph, call, APPOINTMENT_WRITE) as business:
        removed = _remove(graph, business, call)
        if graph.switches.is_on("deleteSendsMail", business.id):
            business.mail(removed, "cancellation")
        return Answer(204)


async def cancel(graph: Graph, call: Call) -> Answer:
    """Cancel an appointment, which notifies its customers and staff."""
    async with at_business(graph, call, APPOINTMENT_CANCEL) as business:
        body = call.json_object()
        message = body.get("cancellationMessage")
        if set(body) - {"cancellationMessage"} or not isinstance(message, str | None):
            raise bad_request("The parameters of the action are not valid.")
        removed = _remove(graph, business, call)
        business.cancelled.append({**removed, "cancellationMessage": message})
        business.mail({**removed, "optOutOfCustomerEmail": False}, "cancellation")
        return Answer(204)


def new_id(graph: Graph, business: BookingBusiness) -> str:
    """Return an id for a new appointment."""
    letters = uuid.uuid4().hex
    if graph.switches.is_on("slashesInIds", business.id):
        return f"AAMk{letters[:8]}/{letters[8:16]}+{letters[16:]}AAA="
    return f"AAMk{letters}AAA="


def _check(graph: Graph, business: BookingBusiness, appointment: JSON) -> None:
    accepts_busy = graph.switches.is_on("busyStaffAccepted", business.id)
    bookings_rules.check(business, appointment, graph.clock.now(), accepts_busy=accepts_busy)


def _store_new(graph: Graph, business: BookingBusiness, appointment: JSON) -> None:
    appointment["customers"] = customers_of(business, appointment)
    if appointment["isLocationOnline"]:
        appointment["joinWebUrl"] = f"https://teams.microsoft.com/l/meetup-join/{uuid.uuid4().hex}"
    key, now = appointment["id"], graph.clock.now()
    appointment["createdDateTime"] = appointment["lastUpdatedDateTime"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    unseen = graph.switches.number("appointmentUnseenSeconds", business.id, key)
    business.readable[key] = now + timedelta(seconds=unseen)
    business.put(appointment, now, lag_of(graph, business, key))
    business.mail(appointment, "confirmation")


def lag_of(graph: Graph, business: BookingBusiness, key: str) -> timedelta:
    """Return how long lists do not show a write."""
    lag = graph.switches.number("appointmentListLagSeconds", business.id, key)
    return timedelta(seconds=max(lag, graph.setting("bookingsHiddenSeconds")))


@contextmanager
def _failing(graph: Graph, business: BookingBusiness, subject: str) -> Iterator[None]:
    """Answer 500 before or after a write, where that is switched on."""
    kind = graph.switches.choice("appointmentWriteFails", business.id, subject)
    if kind != "before":
        yield
    if kind in ("before", "after"):
        raise GraphError(500, "UnknownError", "")


def _checked(call: Call) -> JSON:
    options(call, "bookingAppointment", ())
    body = call.json_object()
    types.check("bookingAppointment", body)
    return body


def _plain(body: JSON) -> JSON:
    return {name: value for name, value in body.items() if "@odata." not in name and name != "id"}


def _remove(graph: Graph, business: BookingBusiness, call: Call) -> JSON:
    key = lookup(business.appointments, call.params["appointment"])["id"]
    lag = timedelta(seconds=graph.switches.number("appointmentListLagSeconds", business.id, key))
    return business.remove(key, graph.clock.now(), lag)


APPOINTMENT = "/solutions/bookingBusinesses/{id}/appointments/{appointment}"
ENDPOINTS = [
    Endpoint("POST", "/solutions/bookingBusinesses/{id}/appointments", create),
    Endpoint("PATCH", APPOINTMENT, change),
    Endpoint("DELETE", APPOINTMENT, delete),
    Endpoint("POST", APPOINTMENT + "/cancel", cancel),
]
