"""What people do in Microsoft Bookings: customers on the business's page, and its staff.

They are not held to the rules for apps, and lists show what they do as late as what apps do.
"""

from datetime import UTC, datetime, timedelta

from sandbox.tenant.graph.bookings_rules import length
from sandbox.tenant.graph.bookings_store import JSON, BookingBusiness
from sandbox.tenant.graph.bookings_writes import DEFAULTS, lag_of, new_id
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.zones import instant

CUSTOMER = {
    "@odata.type": "#microsoft.graph.bookingCustomerInformation",
    "name": "Kari Walk-in",
    "emailAddress": "kari.walkin@fabrikam.com",
    "phone": "87654321",
    "notes": "A note of the customer",
}


def book(graph: Graph, business: BookingBusiness, given: JSON) -> JSON:
    """Make an appointment, and return it. Raises ValueError."""
    service = business.services.get(str(given.get("serviceId")))
    if service is None or "start" not in given:
        raise ValueError("serviceId: one of the business's; start: a time")
    now = graph.clock.now()
    appointment = {
        **DEFAULTS,
        "@odata.type": "#microsoft.graph.bookingAppointment",
        "id": new_id(graph, business),
        "serviceId": service["id"],
        "serviceName": service["displayName"],
        "staffMemberIds": given.get("staffIds", []),
        "duration": service["defaultDuration"],
        "preBuffer": service["preBuffer"],
        "postBuffer": service["postBuffer"],
        "price": 0.0,
        "priceType": "notSet",
        "maximumAttendeesCount": service["maximumAttendeesCount"],
        "filledAttendeesCount": 1,
        "customers": [CUSTOMER],
        "createdDateTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        **_times(given, length(service["defaultDuration"])),
    }
    return _stored(graph, business, appointment)


def move(graph: Graph, business: BookingBusiness, key: str, given: JSON) -> JSON:
    """Change times, staff or service of an appointment, and return it. Raises ValueError."""
    before = business.appointments[key]
    changed = {**before, **({"staffMemberIds": given["staffIds"]} if "staffIds" in given else {})}
    if service := business.services.get(str(given.get("serviceId"))):
        changed |= {"serviceId": service["id"], "serviceName": service["displayName"]}
    if "start" in given:
        changed |= _times(given, length(changed["duration"]))
    return _stored(graph, business, changed)


def cancel(graph: Graph, business: BookingBusiness, key: str) -> None:
    """Cancel an appointment: Bookings deletes it."""
    business.mail(business.remove(key, graph.clock.now(), lag_of(graph, business, key)), "cancellation")


def _stored(graph: Graph, business: BookingBusiness, appointment: JSON) -> JSON:
    now, key = graph.clock.now(), appointment["id"]
    appointment["lastUpdatedDateTime"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    if key not in business.appointments:
        unseen = graph.switches.number("appointmentUnseenSeconds", business.id, key)
        business.readable[key] = now + timedelta(seconds=unseen)
    business.put(appointment, now, lag_of(graph, business, key))
    return appointment


def _times(given: JSON, duration: timedelta) -> JSON:
    start = instant(given["start"])
    end = instant(given["end"]) if "end" in given else start + duration
    return {"startDateTime": _utc(start), "endDateTime": _utc(end)}


def _utc(moment: datetime) -> JSON:
    return {"dateTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
