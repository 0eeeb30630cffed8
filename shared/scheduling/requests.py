"""What a call for slots or for a booking asks, checked: every refusal names the field and the rule, never the value."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.api.fields import checked_address, read_body, refused
from shared.api.times import TIME_PATTERN, read_moment, read_zone
from shared.graph.booked_events import Appointment
from shared.graph.schedules import LONGEST_DAYS, MOST_MAILBOXES
from shared.graph.time_zones import Zone, zone_named
from shared.scheduling.slot_rules import GRID, Span, Want

LONGEST_MINUTES = 480
FURTHEST = timedelta(days=7305)
_KEY = re.compile(r"[\x21-\x7e]{1,100}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class Customer(_Asked):
    """Who the booking is for."""

    name: str = Field(min_length=1, max_length=100)
    email: str | None = Field(default=None, max_length=254)


class NewTimes(_Asked):
    """The body that moves a booking. Its length stays as it is without `duration`."""

    start: str = Field(pattern=TIME_PATTERN, description="With an offset or Z, or by the clock of timeZone.")
    duration: int | None = Field(default=None, ge=5, le=LONGEST_MINUTES, multiple_of=5, description="Minutes.")
    time_zone: str | None = Field(default=None, max_length=60, description="IANA's name, or Windows'.")


class BookingRequest(_Asked):
    """The body that books a slot. With `invite` the customer gets an invitation from the mailbox."""

    start: str = Field(pattern=TIME_PATTERN, description="With an offset or Z, or by the clock of timeZone.")
    duration: int = Field(ge=5, le=LONGEST_MINUTES, multiple_of=5, description="Minutes.")
    title: str = Field(min_length=1, max_length=255)
    customer: Customer
    invite: bool = False
    time_zone: str | None = Field(default=None, max_length=60, description="IANA's name, or Windows'.")


@dataclass(frozen=True, slots=True)
class BookingWish:
    """A slot that somebody wants. The same id at the same mailbox is the same wish, however often it is sent.

    `repeatable` says whether it can be sent again at all: without an Idempotency-Key the next call is another wish.
    """

    id: str
    mailbox: str
    slot: Span
    what: Appointment
    zone: Zone
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class SlotsWish:
    """Slots that somebody wants to know of: any of the mailboxes is enough, or all have to be free."""

    mailboxes: tuple[str, ...]
    match: Literal["any", "all"]
    want: Want
    zone: Zone


def read_booking(mailbox: str, content: dict[str, Any], key: str | None, now: datetime) -> BookingWish:
    """Return what a booking's body asks. Raises RequestRejected 422."""
    asked = read_body(BookingRequest, content)
    slot, zone = _slot(asked.start, asked.duration, asked.time_zone, now)
    email = "" if asked.customer.email is None else checked_address("customer.email", asked.customer.email)
    if asked.invite and not email:
        raise refused("customer.email: an invitation needs it")
    for field, text in (("title", asked.title), ("customer.name", asked.customer.name)):
        if _UNSEEN.search(text) or not text.strip():
            raise refused(f"{field}: must be a text of one line")
    note = f"{asked.customer.name} <{email}>" if email else asked.customer.name
    what = Appointment(asked.title, note, asked.customer.name, email if asked.invite else "")
    return BookingWish(_booking_id(mailbox, key), mailbox, slot, what, zone, key is not None)


def read_new_times(content: dict[str, Any], length: timedelta, now: datetime) -> tuple[Span, Zone]:
    """Return where a booking is to be moved. Raises RequestRejected 422."""
    asked = read_body(NewTimes, content)
    minutes = asked.duration or int(length.total_seconds()) // 60
    return _slot(asked.start, minutes, asked.time_zone, now)


def read_slots(mailbox: str, given: Mapping[str, str], now: datetime) -> SlotsWish:
    """Return which slots a call asks for; those before now are none. Raises RequestRejected 422."""
    also = [one for one in given.get("with", "").split(",") if one.strip()]
    mailboxes = tuple(dict.fromkeys(checked_address("with", one) for one in (mailbox, *also)))
    if len(mailboxes) > MOST_MAILBOXES:
        raise refused(f"with: at most {MOST_MAILBOXES} mailboxes in one call")
    match = given.get("match") or "any"
    if match not in ("any", "all"):
        raise refused("match: any or all")
    zone = read_zone(given.get("timeZone") or None)
    window = _window(given, zone, now)
    duration, step = _minutes(given, "duration", None, 5, LONGEST_MINUTES), _minutes(given, "stepMinutes", 30, 5, 1440)
    buffer = _minutes(given, "bufferMinutes", 0, 0, LONGEST_MINUTES)
    zone = zone or zone_named("UTC")
    want = Want(window, duration, zone.info, step, buffer)
    return SlotsWish(mailboxes, "all" if match == "all" else "any", want, zone)


def _window(given: Mapping[str, str], zone: Zone | None, now: datetime) -> Span:
    start, end = (read_moment(name, _plus(given.get(name, "")), zone).utc for name in ("from", "to"))
    if end <= start:
        raise refused("to: must be after from")
    if end - start > timedelta(days=LONGEST_DAYS):
        raise refused(f"to: at most {LONGEST_DAYS} days after from")
    start = max(start, now)
    return Span(start, max(start, end))


def _plus(text: str) -> str:
    """Return a moment whose offset's plus sign came unescaped in the address, where it means a space."""
    return re.sub(r" (\d\d:\d\d)$", r"+\1", text)


def _minutes(given: Mapping[str, str], name: str, default: int | None, least: int, most: int) -> timedelta:
    text = given.get(name) or ("" if default is None else str(default))
    if not re.fullmatch("[0-9]{1,4}", text) or not least <= int(text) <= most or int(text) % 5:
        raise refused(f"{name}: minutes, a multiple of 5 from {least} to {most}")
    return timedelta(minutes=int(text))


def _slot(start: str, minutes: int, zone_name: str | None, now: datetime) -> tuple[Span, Zone]:
    zone = read_zone(zone_name)
    begin = read_moment("start", start, zone).utc
    if begin <= now:
        raise refused("start: is past")
    if begin > now + FURTHEST:
        raise refused("start: at most twenty years ahead")
    if begin.timestamp() % GRID.total_seconds():
        raise refused("start: must be at a multiple of five minutes")
    return Span(begin, begin + timedelta(minutes=minutes)), zone or zone_named("UTC")


def _booking_id(mailbox: str, key: str | None) -> str:
    """Return a new id, or the one that a mailbox and a caller's Idempotency-Key have. Raises RequestRejected 422."""
    if key is None:
        return uuid.uuid4().hex
    if not _KEY.fullmatch(key):
        raise refused("Idempotency-Key: 1 to 100 visible ASCII characters")
    return hashlib.sha256(f"{mailbox}\n{key}".encode()).hexdigest()[:32]
