"""What the relay posts to the partner, as models; shared/partner/payload.py builds it."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from tools.openapi.fields import Moment, Strict, WatchId


class GoneEvent(Strict):
    """An event that was removed, or that left the calendar: its ids and nothing else."""

    id: str = Field(min_length=1)
    series_id: str | None = Field(description="Set for an occurrence of a series.")


class Event(GoneEvent):
    """An event as it is now. Nothing more leaves the customer's tenant."""

    title: str = Field(description='"Private" for a private or confidential event.')
    start: Moment
    end: Moment
    all_day: bool
    availability: Literal["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"]
    cancelled: bool = Field(description="A cancelled meeting stays on a room's calendar until somebody removes it.")


class EventData(Strict):
    """Which mailbox it is about, and the event."""

    model_config = ConfigDict(title="ToldEvent")

    subscription_id: WatchId = Field(description="The id that the setup call answered.")
    mailbox: str
    event: Event


class GoneEventData(Strict):
    """Which mailbox it is about, and the event that is gone."""

    model_config = ConfigDict(title="ToldGoneEvent")

    subscription_id: WatchId = Field(description="The id that the setup call answered.")
    mailbox: str
    event: GoneEvent


class EventDelivery(Strict):
    """`created` is the first news of an event, `updated` any later one."""

    type: Literal["calendar.event.created", "calendar.event.updated"]
    timestamp: Moment = Field(description="When the calendar was read: of two deliveries the later one holds.")
    data: EventData


class Nothing(Strict):
    """No field at all."""


class PingDelivery(Strict):
    """A test delivery, which an administrator asked for. There is nothing to apply: 2xx says that it was verified."""

    type: Literal["calendar.relay.ping"]
    timestamp: Moment
    data: Nothing


class GoneEventDelivery(Strict):
    """An event is gone."""

    type: Literal["calendar.event.deleted"]
    timestamp: Moment = Field(description="When the calendar was read: of two deliveries the later one holds.")
    data: GoneEventData
