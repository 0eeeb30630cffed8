"""What belongs to each feature, as plain values: one record for each, which all code that differs by feature reads.

docs/adding-a-feature.md names the files of a feature; tests/architecture/test_features.py prints what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

WRITE_CALENDARS = "Calendars.ReadWrite"


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A feature that the customer switches on by its name in FEATURES; while it is off, nothing of it is registered.

    `modules` are those of functions/, `functions` the names of their handlers, `services` the properties of App that
    the handlers call, `checks` the names of the doctor's findings about it. A relay with the feature cannot work
    without `permissions` at Graph; without `optional_permissions` only a part is refused. `settings` are those that it
    reads beside FEATURES and the settings of the relay itself.
    """

    name: str
    modules: tuple[str, ...]
    functions: tuple[str, ...]
    services: tuple[str, ...]
    permissions: tuple[str, ...]
    checks: tuple[str, ...]
    optional_permissions: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def writes_calendars(self) -> bool:
        """Whether it needs to write in the calendars of mailboxes."""
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
        functions=("list_slots", "create_booking", "get_booking", "move_booking", "cancel_booking", "settle_bookings"),
        services=("slot_finder", "slot_booker", "booking_changer", "booking_cleanup"),
        permissions=(WRITE_CALENDARS,),
        checks=("calendarsWrite",),
        settings=("EVENT_DETAIL",),
    ),
    Feature(
        name="bookings",
        modules=("bookings",),
        functions=(
            "list_booking_businesses", "get_booking_business", "list_booking_services", "list_booking_staff",
            "search_booking_customers", "get_booking_availability", "list_booking_appointments",
            "get_booking_appointment", "create_booking_appointment", "change_booking_appointment",
            "cancel_booking_appointment", "delete_booking_appointment",
        ),
        services=("business_lookup", "bookings_reader", "appointment_creator", "appointment_changer"),
        permissions=("Bookings.Read.All", "BookingsAppointment.ReadWrite.All"),
        optional_permissions=("Bookings.ReadWrite.All",),  # to send a message with a cancellation
        checks=("bookings",),
        settings=("EVENT_DETAIL",),
    ),
)  # fmt: skip
BY_NAME = {feature.name: feature for feature in FEATURES}


def names_in(text: str) -> frozenset[str]:
    """Return the names in a value of FEATURES, in lower case; also those that no feature has."""
    return frozenset(name.strip().lower() for name in text.split(",")) - {""}
