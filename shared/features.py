"""One record of plain values per feature; all code that depends on features reads it.

docs/adding-a-feature.md lists the files of a feature; tests/architecture/test_features.py prints what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_DOMAIN = r"@(?:[a-z0-9-]+\.)+[a-z0-9-]+"
_INVITEE = rf"[^\s@,;]*{_DOMAIN}"
_INVITEES = re.compile(f"any|none|own-domains|{_INVITEE}(?:,{_INVITEE})*")
_BUSINESS = re.compile(rf"[^\s@,;/\\?#%]+{_DOMAIN}")
MOST_BUSINESSES = 20  # that are followed; each costs a call of Graph every 15 minutes
WRITE_CALENDARS = "Calendars.ReadWrite"


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A feature that the customer switches on by its name in FEATURES. While it is off, nothing of it is registered.

    - `modules`: in functions/; `functions`: the names of their handlers.
    - `services`: the properties of App that the handlers use.
    - `permissions`: required at Graph. `optional_permissions`: without these, only some requests are rejected.
    - `checks`: the names of the doctor's findings about the feature.
    - `settings`: the feature's own, beside FEATURES and the relay's settings.
    - `page`: its page in docs/; "" is the page for the partner, partner-NAME.md.
    """

    name: str
    modules: tuple[str, ...]
    functions: tuple[str, ...]
    services: tuple[str, ...]
    permissions: tuple[str, ...]
    checks: tuple[str, ...]
    optional_permissions: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    page: str = ""

    @property
    def writes_calendars(self) -> bool:
        """Whether the feature writes to the calendars of mailboxes."""
        return WRITE_CALENDARS in self.permissions


FEATURES = (
    Feature(
        name="calendars",
        modules=("calendars",),
        functions=(
            "list_calendars", "create_calendar", "list_events", "create_event", "get_event", "change_event",
            "delete_event", "cancel_event",
        ),
        services=("calendar_service",),
        permissions=(WRITE_CALENDARS,),
        checks=("calendarsWrite",),
        settings=("EVENT_DETAIL",),
    ),
    Feature(
        name="scheduling",
        modules=("scheduling",),
        functions=(
            "list_slots", "query_slots", "create_booking", "get_booking", "move_booking", "cancel_booking",
            "settle_bookings",
        ),
        services=("slot_finder", "slot_booker", "booking_changer", "booking_cleanup"),
        permissions=(WRITE_CALENDARS,),
        checks=("calendarsWrite",),
        settings=("EVENT_DETAIL",),
    ),
    Feature(
        name="bookings",
        modules=("bookings", "appointments"),
        functions=(
            "list_booking_businesses", "get_booking_business", "list_booking_services", "list_booking_staff",
            "search_booking_customers", "get_booking_availability", "query_booking_availability",
            "list_booking_appointments", "get_booking_appointment", "create_booking_appointment",
            "change_booking_appointment", "cancel_booking_appointment", "delete_booking_appointment",
            "follow_appointments",
        ),
        services=(
            "business_lookup", "bookings_reader", "appointment_creator", "appointment_changer", "own_changes",
            "appointment_poll",
        ),
        permissions=("Bookings.Read.All", "BookingsAppointment.ReadWrite.All"),
        optional_permissions=("Bookings.ReadWrite.All",),  # to send a message with a cancellation
        checks=("bookings",),
        settings=("EVENT_DETAIL", "BOOKINGS_DELIVERIES"),
    ),
    Feature(
        name="rooms",
        modules=("rooms",),
        functions=("list_rooms", "query_availability"),
        services=("room_directory", "busy_mailbox_finder"),
        permissions=("Place.Read.All",),
        checks=("rooms",),
    ),
    Feature(
        name="dataverse",
        modules=("dataverse", "booking_hooks"),
        functions=(
            "get_dataverse", "plan_dataverse", "start_dataverse", "hold_dataverse", "release_dataverse",
            "receive_bookings", "follow_dataverse", "settle_pairs", "keep_poisoned_pairs",
        ),
        services=(
            "dataverse_status", "dataverse_plan", "dataverse_start", "dataverse_hold", "hook_intake", "follow",
            "pair_settling", "pair_dead_letters",
        ),
        permissions=(WRITE_CALENDARS,),
        checks=("calendarsWrite", "dataverse", "dataverseRights", "dataverseTracking", "dataverseStatuses",
                "dataverseMailboxes", "dataverseWebhooks"),
        settings=(
            "DATAVERSE_URL", "DATAVERSE_RESOURCES", "DATAVERSE_DIRECTION", "DATAVERSE_SCHEDULE", "DATAVERSE_SHOW_AS",
            "DATAVERSE_PROPOSED", "DATAVERSE_TITLES", "DATAVERSE_CONFLICT", "DATAVERSE_WORK_ORDERS",
            "DATAVERSE_COMMITTED_STATUS", "DATAVERSE_CANCELED_STATUS", "DATAVERSE_OWNER", "DATAVERSE_HOOK_SECRET_NAME",
        ),
        page="dataverse",
    ),
)  # fmt: skip
BY_NAME = {feature.name: feature for feature in FEATURES}


def names_in(text: str) -> frozenset[str]:
    """Return the names in a value of FEATURES, in lower case, including unknown ones."""
    return frozenset(name.strip().lower() for name in text.split(",")) - {""}


def _invitees(text: str) -> str:
    """Return a value of INVITEES in lower case, without blanks. Raises ValueError."""
    entries = ",".join(_entries(text))
    if not _INVITEES.fullmatch(entries):
        raise ValueError("must be any, none, own-domains, or a comma-separated list of addresses and @domains")
    return entries


def _businesses(text: str) -> str:
    """Return a value of BOOKINGS_DELIVERIES in lower case, each address once. Raises ValueError."""
    entries = list(dict.fromkeys(_entries(text)))
    if not all(_BUSINESS.fullmatch(entry) for entry in entries):
        raise ValueError("must be a comma-separated list of addresses of Bookings businesses")
    if len(entries) > MOST_BUSINESSES:
        raise ValueError(f"names {len(entries)} businesses; at most {MOST_BUSINESSES} can be followed")
    return ",".join(entries)


def _entries(text: str) -> list[str]:
    return [entry.strip().lower() for entry in text.split(",") if entry.strip()]


# The settings of features that list addresses, each with what checks its value.
ADDRESS_LISTS: Mapping[str, Callable[[str], str]] = {"invitees": _invitees, "bookings_deliveries": _businesses}
