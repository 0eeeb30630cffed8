"""Build the bodies that are sent to Microsoft Bookings. Pure.

("bookingAppointment resource type", "bookingCustomerInformation resource type")
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.bookings.requests import AppointmentRequest, CustomerAsked
from shared.graph.bookings.client import date_time_time_zone
from shared.graph.bookings.durations import format_duration
from shared.graph.bookings.models import Service

PASSED_ON = {  # properties that an appointment copies from its service: the name in the appointment, in the service
    "price": "defaultPrice", "priceType": "defaultPriceType", "reminders": "defaultReminders",
    "serviceLocation": "defaultLocation",
}  # fmt: skip


def new_appointment(
    service: Service, staff_ids: list[str], start: datetime, request: AppointmentRequest, customer_id: str
) -> dict[str, Any]:
    """Return an appointment with everything that Graph's schema requires."""
    passed_on = {name: service.raw[of] for name, of in PASSED_ON.items() if service.raw.get(of) is not None}
    return {
        "@odata.type": "#microsoft.graph.bookingAppointment",
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
        "customers": [_customer_information(request.customer, request.time_zone or "UTC", customer_id)],
        "isLocationOnline": service.raw.get("isLocationOnline") is True if request.online is None else request.online,
        "optOutOfCustomerEmail": False,
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


def _customer_information(customer: CustomerAsked, time_zone: str, customer_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.bookingCustomerInformation",
        "name": customer.name.strip(),
        "emailAddress": customer.email,
        "phone": customer.phone or None,
        "notes": customer.notes or None,
        "timeZone": time_zone,
    }
    return body | ({"customerId": customer_id} if customer_id else {})
