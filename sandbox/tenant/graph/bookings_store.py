"""A stored booking business: Graph's JSON of the business, its services, staff, customers and appointments.

Graph: bookingBusiness resource type.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

JSON = dict[str, Any]
HOURS = [
    {"day": day, "timeSlots": [{"startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000"}]}
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
]
POLICY = {
    "timeSlotInterval": "PT30M",
    "minimumLeadTime": "PT2H",
    "maximumAdvance": "P60D",
    "sendConfirmationsToOwner": True,
    "allowStaffSelection": True,
}


@dataclass
class BookingBusiness:
    """One business.

    `versions` are the states of an appointment, each with the time from which lists show it (None: deleted),
    `readable` the time from which GET by id finds one, `busy` other engagements, `mails` what customers were sent.
    """

    fields: JSON
    services: dict[str, JSON] = field(default_factory=dict)
    staff: dict[str, JSON] = field(default_factory=dict)
    customers: dict[str, JSON] = field(default_factory=dict)
    appointments: dict[str, JSON] = field(default_factory=dict)
    versions: dict[str, list[tuple[datetime, JSON | None]]] = field(default_factory=dict)
    readable: dict[str, datetime] = field(default_factory=dict)
    busy: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    cancelled: list[JSON] = field(default_factory=list)
    mails: list[JSON] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id: the address of its mailbox."""
        return str(self.fields["id"])

    def visible(self, now: datetime) -> list[JSON]:
        """Return the appointments that lists include at this time."""
        shown = [self._shown(key, now) for key in {**self.versions, **self.appointments}]
        return [appointment for appointment in shown if appointment is not None]

    def put(self, appointment: JSON, now: datetime, lag: timedelta) -> None:
        """Store an appointment, which lists show after a time."""
        key = appointment["id"]
        self.appointments[key] = appointment
        self.versions.setdefault(key, []).append((now + lag, appointment))

    def remove(self, key: str, now: datetime, lag: timedelta) -> JSON:
        """Delete an appointment, which lists show for some time more, and return it."""
        self.versions.setdefault(key, []).append((now + lag, None))
        return self.appointments.pop(key)

    def mail(self, appointment: JSON, kind: str) -> None:
        """Send a mail to the customers of an appointment, unless it says that they want none."""
        if not appointment.get("optOutOfCustomerEmail"):
            self.mails += [{"to": each.get("emailAddress"), "kind": kind} for each in appointment["customers"]]

    def _shown(self, key: str, now: datetime) -> JSON | None:
        states = self.versions.get(key, [])
        if (states and states[-1][1] is None) or key in self.appointments:
            return next((state for since, state in reversed(states) if since <= now), None)
        return None


def new_business(given: JSON) -> BookingBusiness:
    """Return a business from a control request with names of Graph's types; missing fields get defaults."""
    page = {
        "accessControl": "unrestricted",
        "bookingPageColorCode": "#0078D4",
        "customerConsentMessage": "",
        "businessTimeZone": given.get("timeZone", "Europe/Oslo"),
        "privacyPolicyWebUrl": "",
        "termsAndConditionsWebUrl": "",
    }
    business = BookingBusiness(
        {
            "id": given["address"],
            "displayName": given.get("displayName") or given["address"].partition("@")[0],
            "email": None,
            "phone": "",
            "businessType": "",
            "webSiteUrl": "",
            "defaultCurrencyIso": "NOK",
            "isPublished": True,
            "publicUrl": None,
            "languageTag": "nb-NO",
            "address": None,
            "bookingPageSettings": page,
            "businessHours": given.get("businessHours", HOURS),
            "schedulingPolicy": {**POLICY, **given.get("schedulingPolicy", {})},
        }
    )
    for member in given.get("staff", []):
        _put(business.staff, "bookingStaffMember", {"role": "externalGuest", "useBusinessHours": True, **member})
    for service in given.get("services", []):
        _put(business.services, "bookingService", _service(service))
    for customer in given.get("customers", []):
        _put(business.customers, "bookingCustomer", customer)
    return business


def _service(given: JSON) -> JSON:
    return {
        "defaultDuration": "PT30M",
        "defaultPrice": 0.0,
        "defaultPriceType": "notSet",
        "defaultReminders": [],
        "description": "",
        "isHiddenFromCustomers": False,
        "isLocationOnline": False,
        "languageTag": "nb-NO",
        "maximumAttendeesCount": 1,
        "notes": "",
        "postBuffer": "PT0S",
        "preBuffer": "PT0S",
        "schedulingPolicy": None,
        "smsNotificationsEnabled": False,
        "staffMemberIds": [],
        **given,
    }


def _put(where: dict[str, JSON], kind: str, given: JSON) -> None:
    item = {"@odata.type": f"#microsoft.graph.{kind}", "id": str(uuid.uuid4()), **given}
    where[item["id"]] = item
