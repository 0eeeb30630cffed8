"""Validate requests for free slots. Errors name the field and the rule, never the value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared import problems
from shared.api.fields import checked_address, invalid, read_body
from shared.api.times import TIME_PATTERN, read_zone
from shared.api.windows import read_window
from shared.errors import RequestRejected
from shared.graph.schedules import LONGEST_DAYS, MOST_MAILBOXES
from shared.graph.time_zones import Zone, zone_named
from shared.scheduling.requests import LONGEST_MINUTES
from shared.scheduling.slot_rules import SlotQuery, Span
from shared.utc import parse_utc


class SlotRequest(BaseModel):
    """The free slots to return, of the mailbox in the path and of others."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    from_: str = Field(
        alias="from",
        pattern=TIME_PATTERN,
        description="Slots that begin at this time or later, with an offset or Z, or in the local time of timeZone.",
    )
    to: str = Field(pattern=TIME_PATTERN, description="Slots that end at this time or before, at most 31 days later.")
    duration: int = Field(ge=5, le=LONGEST_MINUTES, multiple_of=5, description="Length of a slot in minutes.")
    time_zone: str | None = Field(
        default=None, max_length=60, description="An IANA or Windows name, also for the slots in the response."
    )
    step_minutes: int = Field(
        default=30, ge=5, le=1440, multiple_of=5, description="Slots begin at multiples of it from midnight."
    )
    buffer_minutes: int = Field(
        default=0, ge=0, le=LONGEST_MINUTES, multiple_of=5, description="Before and after a slot; must be free, too."
    )
    mailboxes: list[str] = Field(default=[], max_length=MOST_MAILBOXES - 1, description="Addresses of the others.")
    match: Literal["any", "all"] = Field(
        default="any", description="Whether any mailbox or all mailboxes must be free."
    )
    page_size: int = Field(default=100, ge=1, le=1000, description="Maximum number of slots in the response.")


@dataclass(frozen=True, slots=True)
class SlotSearch:
    """A search for free slots: `match` says whether any of the mailboxes or all of them must be free."""

    mailboxes: tuple[str, ...]
    match: Literal["any", "all"]
    query: SlotQuery


class SlotPage(NamedTuple):
    """A search for free slots, and how many of them a page has."""

    search: SlotSearch
    size: int


def read_slot_request(mailbox: str, content: dict[str, Any], after: str, now: datetime) -> SlotPage:
    """Return the search that a body describes, without past slots, from the slot `after` on if it is not empty.

    Raises RequestRejected 422.
    """
    body = read_body(SlotRequest, content)
    mailboxes = _mailboxes("mailboxes", mailbox, body.mailboxes)
    zone = read_zone(body.time_zone)
    window = _from(after, _window({"from": body.from_, "to": body.to}, zone, now))
    length, step, buffer = (
        timedelta(minutes=minutes) for minutes in (body.duration, body.step_minutes, body.buffer_minutes)
    )
    query = SlotQuery(window, length, _info(zone), step, buffer)
    return SlotPage(SlotSearch(mailboxes, body.match, query), body.page_size)


def read_slots(mailbox: str, params: Mapping[str, str], now: datetime) -> SlotSearch:
    """Return the search that query parameters describe, without past slots. Raises RequestRejected 422."""
    others = [address for address in params.get("with", "").split(",") if address.strip()]
    mailboxes = _mailboxes("with", mailbox, others)
    match = params.get("match") or "any"
    if match not in ("any", "all"):
        raise invalid("match: must be any or all")
    zone = read_zone(params.get("timeZone") or None)
    window = _window(params, zone, now)
    duration = _minutes(params, "duration", None, 5, LONGEST_MINUTES)
    step = _minutes(params, "stepMinutes", 30, 5, 1440)
    buffer = _minutes(params, "bufferMinutes", 0, 0, LONGEST_MINUTES)
    query = SlotQuery(window, duration, _info(zone), step, buffer)
    return SlotSearch(mailboxes, "all" if match == "all" else "any", query)


def _mailboxes(field: str, first: str, others: Sequence[str]) -> tuple[str, ...]:
    mailboxes = tuple(dict.fromkeys(checked_address(field, address) for address in (first, *others)))
    if len(mailboxes) > MOST_MAILBOXES:
        raise invalid(f"{field}: at most {MOST_MAILBOXES} mailboxes in one call")
    return mailboxes


def _window(params: Mapping[str, str], zone: Zone | None, now: datetime) -> Span:
    """Return the window of a search, without its past."""
    start, end = (moment.utc for moment in read_window(params, zone, longest=timedelta(days=LONGEST_DAYS)))
    start = max(start, now)
    return Span(start, max(start, end))


def _from(after: str, window: Span) -> Span:
    """Return a window from the slot on that a nextLink names; the whole window for the first page."""
    if not after:
        return window
    try:
        moment = parse_utc(after)
    except ValueError:
        raise RequestRejected(problems.INVALID_PARAMETER, "after: use nextLink unchanged.") from None
    return replace(window, start=min(max(window.start, moment), window.end))


def _info(zone: Zone | None) -> tzinfo:
    return (zone or zone_named("UTC")).info


def _minutes(params: Mapping[str, str], name: str, default: int | None, least: int, most: int) -> timedelta:
    text = params.get(name) or ("" if default is None else str(default))
    if not re.fullmatch("[0-9]{1,4}", text) or not least <= int(text) <= most or int(text) % 5:
        raise invalid(f"{name}: minutes, a multiple of 5 from {least} to {most}")
    return timedelta(minutes=int(text))
