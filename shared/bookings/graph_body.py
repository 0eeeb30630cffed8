"""Build the bodies that are sent to Microsoft Bookings. Pure.

("bookingAppointment resource type", "bookingCustomerInformation resource type")
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from shared.bookings.requests import AppointmentRequest, CustomerAsked
from shared.graph.bookings.client import date_time_time_zone
from shared.graph.bookings.durations import format_duration
from shared.graph.bookings.models import Service

TYPE, INFORMATION = "#microsoft.graph.bookingAppointment", "#microsoft.graph.bookingCustomerInformation"
PASSED_ON = {  # properties that an appointment copies from its service: the name in the appointment, in the service
    "price": "defaultPrice", "priceType": "defaultPriceType", "reminders": "defaultReminders",
    "serviceLocation": "defaultLocation",
}  # fmt: skip


def new_appointment(
    service: Service, staff_ids: list[str], start: datetime, request: AppointmentRequest, customer_id: str,
    *, is_mail_off: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return an appointment with everything that Graph's schema requires. `is_mail_off`: customers get no mail."""
    passed_on = {name: service.raw[of] for name, of in PASSED_ON.items() if service.raw.get(of) is not None}
    if is_mail_off and "reminders" in passed_on:
        passed_on["reminders"] = _staff_reminders(passed_on["reminders"])
    return {
        "@odata.type": TYPE,
        "serviceId": service.id,
        "serviceName": service.name,
        **times(start, service.length),
        "preBuffer": format_duration(service.pre_buffer),
        "postBuffer": format_duration(service.post_buffer),
        "price": 0,
        "priceType": "notSet",
        **passed_on,
        "maximumAttendeesCount": service.most_customers,
        "filledAttendeesCount": 1,
        "staffMemberIds": staff_ids,
        "customerTimeZone": request.time_zone or "UTC",
        "customers": [customer_information(request.customer, request.time_zone or "UTC", customer_id)],
        "isLocationOnline": service.raw.get("isLocationOnline") is True if request.online is None else request.online,
        "optOutOfCustomerEmail": is_mail_off,
        "smsNotificationsEnabled": False,
    }


def times(start: datetime, length: timedelta) -> dict[str, Any]:
    """Return the start, end and duration of an appointment."""
    return {
        "startDateTime": date_time_time_zone(start),
        "endDateTime": date_time_time_zone(start + length),
        "duration": format_duration(length),
    }


def customer_body(customer: CustomerAsked) -> dict[str, Any]:
    """Return a customer to create ("bookingCustomer resource type")."""
    body = {"@odata.type": "#microsoft.graph.bookingCustomer", "displayName": customer.name.strip(),
            "emailAddress": customer.email}  # fmt: skip
    phones = [{"number": customer.phone, "type": "other"}] if customer.phone else []
    return body | {"phones": phones}


def as_text(message: str) -> str:
    """Return a message for a mail, which may be HTML: without markup, whether Bookings escapes it or not."""
    return message.replace("<", "&lt;").replace(">", "&gt;")


def without_mail() -> dict[str, Any]:
    """Return the change after which customers get no mail about an appointment."""
    return {"@odata.type": TYPE, "optOutOfCustomerEmail": True, "smsNotificationsEnabled": False}


def customers_change(customers: Iterable[dict[str, Any]], capacity: int, *, is_mail_off: bool) -> dict[str, Any]:
    """Return the change that replaces the customers of an appointment; each must name its type."""
    listed = [{"@odata.type": INFORMATION, **each} for each in customers]
    counts = {"customers": listed, "filledAttendeesCount": len(listed), "maximumAttendeesCount": capacity}
    return {"@odata.type": TYPE, **counts, **(without_mail() if is_mail_off else {})}


def customer_information(customer: CustomerAsked, time_zone: str, customer_id: str) -> dict[str, Any]:
    """Return a customer as a part of an appointment."""
    body: dict[str, Any] = {
        "@odata.type": INFORMATION,
        "name": customer.name.strip(),
        "emailAddress": customer.email,
        "phone": customer.phone or None,
        "notes": customer.notes or None,
        "timeZone": time_zone,
    }
    return body | ({"customerId": customer_id} if customer_id else {})


def _staff_reminders(reminders: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the reminders that are sent to the staff, and to no customer ("bookingReminder resource type")."""
    told = [each for each in reminders if str(each.get("recipients")).lower() != "customer"]
    return [{**each, "recipients": "staff"} for each in told]
