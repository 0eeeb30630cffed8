"""The rules of Bookings for appointments; one that breaks a rule gets 400.

Graph: Business rules for Bookings appointments. Checked minute by minute in the business's time zone: slow, but
independent of the product that it judges.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph.bookings_store import JSON, BookingBusiness
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.zones import moment, zone_info

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LENGTH = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")
MINUTE = timedelta(minutes=1)


def length(text: str) -> timedelta:
    """Return a duration. Raises GraphError (400) if it is invalid."""
    match = LENGTH.fullmatch(text)
    if match is None:
        raise bad_request(f"Cannot convert the literal '{text}' to the expected type 'Edm.Duration'.")
    days, hours, minutes, seconds = (float(number or 0) for number in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def times(appointment: JSON) -> tuple[datetime, datetime]:
    """Return start and end in UTC. Raises GraphError (400) if they are invalid."""
    try:
        start, end = (moment(appointment[name]).utc for name in ("startDateTime", "endDateTime"))
    except (KeyError, ValueError) as error:
        raise bad_request(f"The time of the appointment is invalid: {error}") from error
    return start, end


def check(business: BookingBusiness, appointment: JSON, now: datetime, *, accepts_busy: bool = False) -> None:
    """Raise GraphError (400) for the first rule that an appointment breaks."""
    service = business.services.get(str(appointment.get("serviceId")))
    if service is None:
        raise bad_request("Invalid service.", "InvalidService")
    start, end = times(appointment)
    policy = {**business.fields["schedulingPolicy"], **(service["schedulingPolicy"] or {})}
    if end - start != length(service["defaultDuration"]):
        raise bad_request("The duration is not that of the service.", "InvalidDuration")
    if start < now + length(policy["minimumLeadTime"]) or start > now + length(policy["maximumAdvance"]):
        raise bad_request("The appointment is outside of the lead time.", "InvalidLeadTime")
    if not all(is_open(business, start + MINUTE * n) for n in range(int((end - start) / MINUTE))):
        raise bad_request("The appointment is outside of the business hours.", "OutsideBusinessHours")
    _check_staff(business, service, policy, appointment, accepts_busy=accepts_busy)


def is_open(business: BookingBusiness, at: datetime) -> bool:
    """Return whether the business is open in the minute that starts at this time."""
    local = at.astimezone(zone_info(business.fields["bookingPageSettings"]["businessTimeZone"]))
    clock = f"{local:%H:%M:%S}.0000000"
    slots = [
        slot
        for day in business.fields["businessHours"]
        if day["day"] == DAYS[local.weekday()]
        for slot in day["timeSlots"]
    ]
    return any(slot["startTime"] <= clock < _closing(slot["endTime"]) for slot in slots)


def block(appointment: JSON) -> tuple[datetime, datetime]:
    """Return the time that an appointment blocks its staff for, including both buffers."""
    start, end = times(appointment)
    return start - length(appointment["preBuffer"]), end + length(appointment["postBuffer"])


def busy_times(business: BookingBusiness, member: str, ignored: str | None) -> list[tuple[datetime, datetime, str]]:
    """Return when a member of staff is busy and with which service, ignoring one appointment."""
    booked = [
        (*block(appointment), str(appointment["serviceId"]))
        for key, appointment in business.appointments.items()
        if member in appointment["staffMemberIds"] and key != ignored
    ]
    return sorted(booked + [(*span, "") for span in business.busy.get(member, [])])


def _check_staff(
    business: BookingBusiness, service: JSON, policy: dict[str, Any], appointment: JSON, *, accepts_busy: bool
) -> None:
    named = appointment.get("staffMemberIds") or []
    able = service["staffMemberIds"] or list(business.staff)
    if not named or not policy["allowStaffSelection"] or not set(named) <= set(able) & set(business.staff):
        raise bad_request("Invalid Staff", "InvalidStaff")
    if accepts_busy:
        return
    first, last = block(appointment)
    for member in named:
        if any(start < last and end > first for start, end, _ in busy_times(business, member, appointment.get("id"))):
            raise bad_request("The staff member is not available.", "StaffNotAvailable")


def _closing(text: str) -> str:
    return "24" if text.startswith(("00:00", "23:59:59")) else text
