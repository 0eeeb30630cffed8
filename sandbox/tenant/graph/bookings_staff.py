"""What getStaffAvailability says of a member of staff, which is not always what is so.

Graph: bookingBusiness: getStaffAvailability; availabilityItem resource type (slotsAvailable: a service for several
customers with places left).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.tenant.graph.bookings_rules import block, times
from sandbox.tenant.graph.bookings_store import JSON, BookingBusiness
from sandbox.tenant.graph.service import Graph

MINUTE = timedelta(minutes=1)
Engaged = tuple[datetime, datetime, str, str]
"""Start, end, status, and the id of the service."""


def shown_statuses(graph: Graph, business: BookingBusiness, member: str) -> list[Engaged]:
    """Return when a member is shown as engaged; of two that overlap, the first counts."""
    appointments = _shown(graph, business, member)
    if graph.switches.is_on("staffAvailabilityCutShort", business.id):
        blocks = cut_short(sorted((*block(each), "busy", str(each["serviceId"])) for each in appointments))
    else:
        blocks = [engaged for each in appointments for engaged in _engaged(each)]
    return sorted(blocks + [(*span, "busy", "") for span in business.busy.get(member, [])])


def cut_short(blocks: Iterable[Engaged]) -> list[Engaged]:
    """Return blocks, sorted by start, of which one that overlaps an earlier one ends it."""
    kept: list[Engaged] = []
    for start, end, status, service in blocks:
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], min(end, kept[-1][1]), *kept[-1][2:])
        else:
            kept.append((start, end, status, service))
    return kept


def _shown(graph: Graph, business: BookingBusiness, member: str) -> list[JSON]:
    if graph.switches.is_on("busyStaffShownFree", business.id):
        return []
    lags = graph.switches.is_on("staffAvailabilityLags", business.id)
    every = business.visible(graph.clock.now()) if lags else list(business.appointments.values())
    return [each for each in every if member in each["staffMemberIds"]]


def _engaged(appointment: JSON) -> list[Engaged]:
    """Return an appointment's time, with places left or not, before its buffers."""
    start, end = times(appointment)
    first, last = block(appointment)
    service, places = str(appointment["serviceId"]), int(appointment["maximumAttendeesCount"])
    if len(appointment["customers"]) >= places or places == 1:
        return [(first, last, "busy", service)]
    around = [(first, start, "busy", service), (end, last, "busy", service)]
    return [(start, end, "slotsAvailable", service), *(each for each in around if each[0] < each[1])]
