"""Models of the deliveries to the partner; shared/partner/payload.py builds them."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from tools.openapi.fields import Moment, Strict, WatchId

READ_AT = "When the calendar was read. It is later in each delivery of an event: keep the latest."


class GoneEvent(Strict):
    """A deleted event, or one that left the calendar: ids only."""

    id: str = Field(min_length=1)
    series_id: str | None = Field(description="Set for an occurrence of a series.")


class Event(GoneEvent):
    """The state of an event. Nothing more leaves the customer's tenant."""

    title: str = Field(description='"Private" for a private or confidential event.')
    start: Moment
    end: Moment
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
