"""What callers send about appointments, checked. Pure. Errors name the field and the rule, and never the value."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.api.fields import Model, invalid, is_address, read_body
from shared.api.times import read_moment
from shared.graph.time_zones import Zone

MAX_FAULTS = 10  # that one rejection names
MAX_WINDOW = timedelta(days=62)  # of one question about appointments or staff
Moment = Annotated[str, Field(max_length=40, description="ISO 8601, with an offset, or by timeZone's clock.")]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class BookingsRequest(BaseModel):
    """A JSON object in camelCase; a field that is not named is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class CustomerAsked(BookingsRequest):  # callers read this name, in the OpenAPI document and in an error of pydantic
    """Who books."""

    name: Name
    email: Annotated[str, Field(max_length=254, description="Bookings sends its confirmation there.")]
    phone: Annotated[str, Field(max_length=40)] = ""
    notes: Annotated[str, Field(max_length=2000, description="The staff reads it; the relay keeps nothing of it.")] = ""


class AppointmentRequest(BookingsRequest):
    """An appointment to make."""

    model_config = ConfigDict(title="AppointmentAsked")  # its name in the OpenAPI document

    service: Name = Field(description="Its id or its name.")
    start: Moment
    end: Moment | None = Field(default=None, description="Only to be sure: start and the service's own length.")
    customer: CustomerAsked
    staff: list[Name] = Field(default=[], max_length=20, description="Ids, addresses or names; else who is free.")
    time_zone: Annotated[str, Field(max_length=80)] | None = Field(
        default=None, description="The customer's: start is by its clock, unless it has an offset."
    )
    online: bool | None = Field(default=None, description="A Teams meeting; else as the service says.")


class AppointmentChange(BookingsRequest):
    """What changes in an appointment; what is left out stays."""

    start: Moment | None = None
    time_zone: Annotated[str, Field(max_length=80)] | None = None
    staff: list[Name] | None = Field(default=None, min_length=1, max_length=20)


class BookingCancellation(BookingsRequest):
    """What the customer and the staff are told."""

    message: str = Field(default="", max_length=1000)


class CustomerSearch(BookingsRequest):
    """Whom to look for."""

    search: str = Field(min_length=3, max_length=200, description="Three letters or more of a name or an address.")


def parse(model: type[Model], content: dict[str, Any]) -> Model:
    """Return a body. Raises RequestRejected 422."""
    return read_body(model, content, MAX_FAULTS)


def parse_time(text: str, field: str, zone: Zone | None = None) -> datetime:
    """Return a moment in UTC: written with an offset, or by the clock of a zone. Raises RequestRejected 422."""
    return read_moment(field, text, zone).utc


def parse_start(text: str, zone: Zone | None) -> datetime:
    """Return when an appointment begins. Raises RequestRejected 422.

    With a minute: whatever Bookings did to seconds, the appointment would not be known again.
    """
    start = parse_time(text, "start", zone)
    if start.second:
        raise invalid("start: appointments begin with a minute; leave the seconds out")
    return start


def parse_window(start: str | None, end: str | None) -> tuple[datetime, datetime]:
    """Return the window between two moments. Raises RequestRejected 422."""
    if not start or not end:
        raise invalid("from and to: give both")
    first, last = parse_time(start, "from"), parse_time(end, "to")
    if not first < last <= first + MAX_WINDOW:
        raise invalid(f"to: must be later than from, by {MAX_WINDOW.days} days at most")
    return first, last


def check_customer(customer: CustomerAsked) -> None:
    """Raise RequestRejected 422 for an address or a name that is none."""
    if not is_address(customer.email):
        raise invalid("customer.email: must be an e-mail address such as ola@contoso.com")
    if not customer.name.strip() or not customer.name.isprintable():
        raise invalid("customer.name: must be a name in one line")
