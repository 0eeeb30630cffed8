"""Models of the deliveries to the partner; shared/partner/payload.py builds them."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from tools.openapi.fields import Day, Moment, Strict, WatchId

STATE_READ_AT = "When the state was read. It is later in each delivery of an appointment: keep the latest."
READ_AT = "When the calendar was read. It is later in each delivery of an event: keep the latest."


class GoneEvent(Strict):
    """A deleted event, or one that left the calendar: ids only."""

    id: str = Field(min_length=1)
    series_id: str | None = Field(description="Set for an occurrence of a series.")


class Event(GoneEvent):
    """The state of an event. Nothing more leaves the customer's tenant."""

    title: str = Field(description='"Private" for a private or confidential event.')
    start: Moment = Field(description="UTC, whole seconds. For an all-day event midnight of startDate.")
    end: Moment = Field(description="UTC, whole seconds. For an all-day event midnight of endDate.")
    start_date: Day | None = Field(description="First day of an all-day event, as the calendar shows it; else null.")
    end_date: Day | None = Field(description="The day after the last day of an all-day event; else null.")
    all_day: bool
    availability: Literal["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"]
    cancelled: bool = Field(description="A cancelled meeting stays in a room's calendar until it is deleted.")


class EventData(Strict):
    """The mailbox and the event."""

    model_config = ConfigDict(title="ToldEvent")

    subscription_id: WatchId = Field(description="Id from the response of the setup call.")
    mailbox: str
    event: Event


class GoneEventData(Strict):
    """The mailbox and the deleted event."""

    model_config = ConfigDict(title="ToldGoneEvent")

    subscription_id: WatchId = Field(description="Id from the response of the setup call.")
    mailbox: str
    event: GoneEvent


class AppointmentState(Strict):
    """The state of an appointment of Microsoft Bookings. No customer, no note and no name leaves the tenant."""

    id: str = Field(min_length=1, description="Id as in the calls of the feature bookings.")
    business_id: str = Field(description="Address of the business, in lower case.")
    service_id: str | None
    staff_ids: list[str]
    start: Moment = Field(description="UTC, whole seconds.")
    end: Moment = Field(description="UTC, whole seconds.")
    status: Literal["booked", "cancelled"]


class AppointmentData(Strict):
    """The appointment."""

    appointment: AppointmentState


class AppointmentDelivery(Strict):
    """`created` for an appointment that the partner may not have, `updated` for one that it may have. Store either."""

    type: Literal["bookings.appointment.created", "bookings.appointment.updated"]
    timestamp: Moment = Field(description=STATE_READ_AT)
    data: AppointmentData


class CancelledAppointmentDelivery(Strict):
    """An appointment was cancelled or deleted. Harmless if the partner does not have it."""

    type: Literal["bookings.appointment.cancelled"]
    timestamp: Moment = Field(description=STATE_READ_AT)
    data: AppointmentData


class EventDelivery(Strict):
    """`created` for an event that the partner may not have, `updated` for one that it may have. Store either."""

    type: Literal["calendar.event.created", "calendar.event.updated"]
    timestamp: Moment = Field(description=READ_AT)
    data: EventData


class Nothing(Strict):
    """An empty object."""


class PingDelivery(Strict):
    """A test delivery that an administrator requested. Verify its signature and return 2xx; it changes nothing."""

    type: Literal["calendar.relay.ping"]
    timestamp: Moment
    data: Nothing


class GoneEventDelivery(Strict):
    """An event was deleted, or left the calendar. Harmless if the partner does not have it."""

    type: Literal["calendar.event.deleted"]
    timestamp: Moment = Field(description=READ_AT)
    data: GoneEventData
