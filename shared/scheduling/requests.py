"""Validate requests for slot bookings. Errors name the field and the rule, never the value."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.api.fields import checked_recipient, invalid, read_body
from shared.api.idempotency_keys import check_key
from shared.api.times import TIME_PATTERN, read_moment, read_zone
from shared.graph.booked_events import EventDraft
from shared.graph.time_zones import Zone, zone_named
from shared.scheduling.slot_rules import GRID, Span
from shared.utc import format_utc

LONGEST_MINUTES = 480
FURTHEST = timedelta(days=7305)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class Customer(_Body):
    """The customer of a booking."""

    name: str = Field(min_length=1, max_length=100)
    email: str | None = Field(default=None, max_length=254)


class NewTimes(_Body):
    """The body that moves a booking. Without `duration` its length stays the same."""

    start: str = Field(pattern=TIME_PATTERN, description="With an offset or Z, or in the local time of timeZone.")
    duration: int | None = Field(default=None, ge=5, le=LONGEST_MINUTES, multiple_of=5, description="Minutes.")
    time_zone: str | None = Field(default=None, max_length=60, description="An IANA or Windows name.")


class BookingRequest(_Body):
    """The body that books a slot. With `invite` the mailbox sends the customer an invitation."""

    start: str = Field(pattern=TIME_PATTERN, description="With an offset or Z, or in the local time of timeZone.")
    duration: int = Field(ge=5, le=LONGEST_MINUTES, multiple_of=5, description="Minutes.")
    title: str = Field(min_length=1, max_length=255)
    customer: Customer
    invite: bool = False
    time_zone: str | None = Field(default=None, max_length=60, description="An IANA or Windows name.")


@dataclass(frozen=True, slots=True)
class NewBooking:
    """A booking to create. The same id and mailbox mean the same booking, however often the call is sent.

    `repeatable`: whether the call has an Idempotency-Key, `key`; without one, repeating it creates another booking.
    `id` is then the id that earlier versions gave the booking.
    """

    id: str
    mailbox: str
    slot: Span
    draft: EventDraft
    zone: Zone
    repeatable: bool = False
    key: str = ""

    @property
    def content(self) -> tuple[str, ...]:
        """What the call asks for, apart from how it spells times: calls with one key must not differ in it."""
        draft, times = self.draft, (self.slot.start, self.slot.end)
        return *(format_utc(time) for time in times), draft.title, draft.note, draft.customer, draft.invited


def read_booking(mailbox: str, content: dict[str, Any], key: str | None, now: datetime) -> NewBooking:
    """Return the booking that a request body describes. Raises RequestRejected 422."""
    body = read_body(BookingRequest, content)
    slot, zone = _slot(body.start, body.duration, body.time_zone, now)
    email = "" if body.customer.email is None else checked_recipient("customer.email", body.customer.email)
    if body.invite and not email:
        raise invalid("customer.email: is required for an invitation")
    for field, text in (("title", body.title), ("customer.name", body.customer.name)):
        if _UNPRINTABLE.search(text) or not text.strip():
            raise invalid(f"{field}: must be one line of text")
    note = f"{body.customer.name} <{email}>" if email else body.customer.name
    draft = EventDraft(body.title, note, body.customer.name, email if body.invite else "")
    return NewBooking(_booking_id(mailbox, key), mailbox, slot, draft, zone, key is not None, key or "")


def read_new_times(content: dict[str, Any], length: timedelta, now: datetime) -> tuple[Span, Zone]:
    """Return the new time of a booking, and its time zone. Raises RequestRejected 422."""
    body = read_body(NewTimes, content)
    minutes = body.duration or int(length.total_seconds()) // 60
    if not 0 < minutes <= LONGEST_MINUTES:
        raise invalid(f"duration: the event's own length is not from 1 to {LONGEST_MINUTES} minutes, so give one")
    return _slot(body.start, minutes, body.time_zone, now)


def _slot(start: str, minutes: int, zone_name: str | None, now: datetime) -> tuple[Span, Zone]:
    zone = read_zone(zone_name)
    begin = read_moment("start", start, zone).utc
    if begin <= now:
        raise invalid("start: is in the past")
    if begin > now + FURTHEST:
        raise invalid("start: must be at most twenty years ahead")
    if begin.timestamp() % GRID.total_seconds():
        raise invalid("start: must be at a multiple of five minutes")
    return Span(begin, begin + timedelta(minutes=minutes)), zone or zone_named("UTC")


def _booking_id(mailbox: str, key: str | None) -> str:
    """Return a new id, or the id that earlier versions gave to an Idempotency-Key. Raises RequestRejected 422."""
    if key is None:
        return uuid.uuid4().hex
    check_key(key)
    return hashlib.sha256(f"{mailbox}\n{key}".encode()).hexdigest()[:32]
