"""What the feature bookings answers, as models; shared/partner/bookings_payload.py builds it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tools.openapi.fields import Moment, Strict, left_out

Text = Annotated[str, Field(min_length=1)]
_MIDNIGHT = r"^([01]\d|2[0-4]):[0-5]\d$"
Clock = Annotated[str, Field(pattern=_MIDNIGHT, description="By the clock of the business's zone; 24:00 ends a day.")]


class BookingBusiness(Strict):
    """A business of Microsoft Bookings; its id is the address of its calendar."""

    id: Text
    name: str


class BookingBusinesses(Strict):
    """The businesses that were found."""

    value: list[BookingBusiness]


class OpenHours(Strict):
    """When a business works, on one day of the week."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    from_: Clock = Field(alias="from")
    to: Clock


class BookingOpening(BookingBusiness):
    """A business with its hours and rules."""

    time_zone: str | None
    hours: list[OpenHours]
    staff_selection: bool | None = Field(description="false: an app cannot book, since it has to name the staff.")
    minimum_lead_minutes: int | None
    maximum_advance_minutes: int | None


class BookingService(Strict):
    """What can be booked. A rule that is null is the business's."""

    id: Text
    name: str
    minutes: int = Field(ge=0)
    pre_buffer_minutes: int = Field(ge=0)
    post_buffer_minutes: int = Field(ge=0)
    staff_ids: list[str] = Field(description="Who provides it; empty: everybody.")
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
    """The customers that were found."""

    value: list[BookingCustomer]


class AvailabilitySpan(Strict):
    """From when until when somebody is available, busy or out of office."""

    status: str = Field(description="available, busy, slotsAvailable or outOfOffice, as Bookings says it.")
    start: Moment
    end: Moment


class StaffAvailability(BookingStaff):
    """When a member of staff is what."""

    spans: list[AvailabilitySpan]


class StaffAvailabilities(Strict):
    """The availability of the staff."""

    value: list[StaffAvailability]


class BookingAppointment(Strict):
    """An appointment. Who its customers are is not told."""

    id: Text
    title: str = Field(description="The name of its service.")
    start: Moment
    end: Moment
    service_id: str | None
    staff_ids: list[str]
    location: str | None = left_out("Where EVENT_DETAIL allows it.")
    attendees: int = left_out("How many customers it has, where EVENT_DETAIL allows it.")


class BookedAppointment(BookingAppointment):
    """An appointment as who has made or moved it is answered."""

    join_url: str | None = Field(description="The link of its meeting, if it is held online.")


class BookingAppointments(Strict):
    """A page of appointments, by their start."""

    value: list[BookingAppointment]
    next_after: str | None = Field(description="`after` of the next page; null after the last.")
