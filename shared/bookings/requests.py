"""Validate requests about appointments. Pure. Errors name the field and the rule, never the value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.api.fields import Model, invalid, is_recipient, read_body
from shared.api.times import read_moment
from shared.api.windows import read_window
from shared.graph.bookings.client import PAGE_PARAMETERS
from shared.graph.time_zones import Zone

MAX_FAULTS = 10  # reported in one response
MAX_WINDOW = timedelta(days=62)  # per request for appointments or availability
MAX_STAFF = 50  # per request for availability
LONGEST_MARK = 2_000  # characters of `after`
Moment = Annotated[str, Field(max_length=40, description="ISO 8601, with an offset or in the local time of timeZone.")]
ALL_CUSTOMERS = "Needed where other customers have the same appointment: true changes or cancels it for all of them."
Name = Annotated[str, Field(min_length=1, max_length=200)]


class PageMark(NamedTuple):
    """Where a page of appointments begins: how much of a page of Graph came before, and its parameters."""

    skipped: int = 0
    page: Mapping[str, str] = MappingProxyType({})


class BookingsRequest(BaseModel):
    """A JSON object in camelCase; unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class CustomerAsked(BookingsRequest):  # callers see this name in the OpenAPI document and in pydantic's errors
    """The customer who books."""

    name: Name
    email: Annotated[str, Field(max_length=254, description="Bookings sends its confirmation there.")]
    phone: Annotated[str, Field(max_length=40)] = ""
    notes: Annotated[str, Field(max_length=2000, description="For the staff; not stored by the relay.")] = ""


class AppointmentRequest(BookingsRequest):
    """An appointment to create."""

    model_config = ConfigDict(title="AppointmentAsked")  # its name in the OpenAPI document

    service: Name = Field(description="Its id or its name.")
    start: Moment
    end: Moment | None = Field(default=None, description="Optional check: start plus the service's length.")
    customer: CustomerAsked
    staff: list[Name] = Field(default=[], max_length=20, description="Ids, addresses or names; default: a free member.")
    time_zone: Annotated[str, Field(max_length=80)] | None = Field(
        default=None, description="The customer's; start is in its local time, unless it has an offset."
    )
    online: bool | None = Field(default=None, description="A Teams meeting; default: as the service defines.")


class AppointmentChange(BookingsRequest):
    """The fields of an appointment to change; omitted fields keep their values."""

    start: Moment | None = None
    time_zone: Annotated[str, Field(max_length=80)] | None = None
    staff: list[Name] | None = Field(default=None, min_length=1, max_length=20)
    all_customers: bool = Field(default=False, description=ALL_CUSTOMERS)


class BookingCancellation(BookingsRequest):
    """The message to the customer and the staff."""

    message: str = Field(default="", max_length=1000)
    all_customers: bool = Field(default=False, description=ALL_CUSTOMERS)


class CustomerSearch(BookingsRequest):
    """A search for customers."""

    search: str = Field(min_length=3, max_length=200, description="At least three letters of a name or an address.")


class StaffAvailabilityRequest(BookingsRequest):
    """The span, and the staff whose availability to return in it."""

    from_: Moment = Field(alias="from", description="Start of the span.")
    to: Moment = Field(description=f"End of the span, at most {MAX_WINDOW.days} days later.")
    staff: list[Name] = Field(
        default=[], max_length=MAX_STAFF, description="Ids, addresses or names; all staff if missing."
    )


def parse(model: type[Model], content: dict[str, Any]) -> Model:
    """Return a validated body. Raises RequestRejected 422."""
    return read_body(model, content, MAX_FAULTS)


def parse_time(text: str, field: str, zone: Zone | None = None) -> datetime:
    """Return a time in UTC, from a text with an offset or in the local time of `zone`. Raises RequestRejected 422."""
    return read_moment(field, text, zone).utc


def parse_start(text: str, zone: Zone | None) -> datetime:
    """Return the start of an appointment. Raises RequestRejected 422.

    Seconds are not allowed: if Bookings changed them, the relay would not recognize the appointment.
    """
    start = parse_time(text, "start", zone)
    if start.second:
        raise invalid("start: appointments begin at a full minute; omit the seconds")
    return start


def parse_window(start: str | None, end: str | None) -> tuple[datetime, datetime]:
    """Return the window between two times. Raises RequestRejected 422."""
    first, last = read_window({"from": start or "", "to": end or ""}, longest=MAX_WINDOW)
    return first.utc, last.utc


def window_from(today: datetime) -> tuple[datetime, datetime]:
    """Return the window of a request without one: MAX_WINDOW from the beginning of this day, in UTC.

    The same for all pages of a list, unless midnight comes in between.
    """
    first = today.replace(hour=0, minute=0, second=0, microsecond=0)
    return first, first + MAX_WINDOW


def read_page_mark(text: str) -> PageMark:
    """Return where a page begins: nextAfter of the page before. Earlier versions gave out a number only. Raises
    RequestRejected 422.
    """
    fields = dict(parse_qsl(text)) if "=" in text else {"skipped": text} if text else {}
    skipped = fields.pop("skipped", "0")
    page = {f"${name}": value for name, value in fields.items()}
    is_number = skipped.isascii() and skipped.isdecimal() and len(skipped) <= 6
    if len(text) > LONGEST_MARK or not is_number or not page.keys() <= set(PAGE_PARAMETERS):
        raise invalid("after: use nextAfter of the previous page unchanged")
    return PageMark(int(skipped), page)


def page_mark_text(mark: PageMark) -> str:
    """Return where a page begins as the value of `after`."""
    if not mark.page:
        return str(mark.skipped)
    return urlencode(
        {name.removeprefix("$"): value for name, value in mark.page.items()} | {"skipped": str(mark.skipped)}
    )


def check_customer(customer: CustomerAsked) -> None:
    """Raise RequestRejected 422 for an invalid address or name."""
    if not is_recipient(customer.email):
        raise invalid("customer.email: must be an e-mail address such as ola@contoso.com")
    if not customer.name.strip() or not customer.name.isprintable():
        raise invalid("customer.name: must be one line of text")
