"""Models of the responses of the feature bookings; shared/partner/bookings_payload.py builds them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tools.openapi.fields import Moment, Strict, deprecation, left_out

Text = Annotated[str, Field(min_length=1)]
_MIDNIGHT = r"^([01]\d|2[0-4]):[0-5]\d$"
Clock = Annotated[str, Field(pattern=_MIDNIGHT, description="Local time of the business; 24:00 is the end of the day.")]


class BookingBusiness(Strict):
    """A business of Microsoft Bookings; its id is the address of its calendar."""

    id: Text
    name: str


class BookingBusinesses(Strict):
    """The matching businesses."""

    value: list[BookingBusiness]


class OpenHours(Strict):
    """Opening hours on one day of the week."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    from_: Clock = Field(alias="from")
    to: Clock


class BookingOpening(BookingBusiness):
    """A business with its hours and rules."""

    time_zone: str | None
    hours: list[OpenHours]
    staff_selection: bool | None = Field(description="If false, an app cannot book, because it has to name the staff.")
    minimum_lead_minutes: int | None
    maximum_advance_minutes: int | None


class BookingService(Strict):
    """A service that can be booked. Where a rule is null, the rule of the business applies."""

    id: Text
    name: str
    minutes: int = Field(ge=0)
    pre_buffer_minutes: int = Field(ge=0)
    post_buffer_minutes: int = Field(ge=0)
    staff_ids: list[str] = Field(description="Who provides it; empty if all staff do.")
    maximum_customers: int = Field(ge=1)
    minimum_lead_minutes: int | None
    maximum_advance_minutes: int | None


class BookingServices(Strict):
    """The services of a business."""

    value: list[BookingService]


class BookingStaff(Strict):
    """A member of staff."""

    id: Text
    name: str


class BookingStaffList(Strict):
    """The staff of a business."""

    value: list[BookingStaff]


class BookingCustomer(Strict):
    """A customer."""

    id: Text
    name: str
    email: str | None


class BookingCustomers(Strict):
    """The matching customers, at most 20."""

    value: list[BookingCustomer]
    is_complete: bool = Field(description="False if more customers match: search for more of the name or address.")


class AvailabilitySpan(Strict):
    """A span in which a member of staff has one status."""

    status: str = Field(description="available, busy, slotsAvailable or outOfOffice, as in Bookings.")
    start: Moment
    end: Moment


class StaffAvailability(BookingStaff):
    """The availability of a member of staff."""

    spans: list[AvailabilitySpan]


class StaffAvailabilities(Strict):
    """The availability of the staff."""

    value: list[StaffAvailability]


class BookingAppointment(Strict):
    """An appointment, without its customers."""

    id: Text = Field(description="Of the appointment; from a creation for a service for several, of one seat in it.")
    title: str = Field(description="The name of the service.")
    start: Moment
    end: Moment
    service_id: str | None
    staff_ids: list[str]
    location: str | None = left_out("Only where EVENT_DETAIL allows it.")
    attendees: int = left_out("Number of customers, only where EVENT_DETAIL allows it.")


class BookedAppointment(BookingAppointment):
    """An appointment in the response of a call that created or changed it."""

    join_url: str | None = Field(description="Link to the online meeting, for the call that made it online.")
    join_url_missing: Literal["not_online", "not_told", "not_yet"] | None = Field(
        description="Why joinUrl is null: no online meeting, made online by another call, or not made yet by Bookings."
    )


class BookingAppointments(Strict):
    """A page of appointments, ordered by start within the page."""

    value: list[BookingAppointment]
    next_after: str | None = Field(
        description=f"`after` of nextLink. {deprecation('Use nextLink.')}", json_schema_extra={"deprecated": True}
    )
    next_link: str | None = Field(description="URL of the next page; null on the last.")
