"""Validate a query of busy times. Errors name the field and the rule, never the value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.api.fields import checked_address, read_body
from shared.api.times import TIME_PATTERN
from shared.api.windows import read_window
from shared.busy_times.spans import Span
from shared.graph.schedules import LONGEST_DAYS

MOST_MAILBOXES = 100
Address = Annotated[str, Field(max_length=254)]


class AvailabilityQuery(BaseModel):
    """The body of a query: when these mailboxes are busy, from one time until another."""

    model_config = ConfigDict(extra="forbid", strict=True)

    from_: str = Field(alias="from", pattern=TIME_PATTERN, description="With an offset or Z.")
    to: str = Field(pattern=TIME_PATTERN, description=f"With an offset or Z, at most {LONGEST_DAYS} days after from.")
    mailboxes: list[Address] = Field(min_length=1, max_length=MOST_MAILBOXES, description="Addresses of watched ones.")


@dataclass(frozen=True, slots=True)
class BusyQuery:
    """Mailboxes, each once and in lower case, and the window in UTC."""

    mailboxes: tuple[str, ...]
    window: Span


def read_query(content: dict[str, Any]) -> BusyQuery:
    """Return the query that a body describes. Raises RequestRejected 422."""
    body = read_body(AvailabilityQuery, content)
    start, end = read_window({"from": body.from_, "to": body.to}, longest=timedelta(days=LONGEST_DAYS))
    mailboxes = dict.fromkeys(checked_address("mailboxes", address) for address in body.mailboxes)
    return BusyQuery(tuple(mailboxes), Span(start.utc, end.utc))
