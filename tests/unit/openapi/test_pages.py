"""Every JSON text on the partner's pages is a body, an answer or a delivery of the document."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sandbox.process import ROOT
from tests.support.openapi import DOCUMENT, PRESENT, schema_error

# For each page its texts in order: the operation or delivery, and the status of an answer, if it is one.
PAGES = {
    "booking-rules": ["listSlots 200"],
    "bookings-deliveries": ["bookingsAppointmentCreated"],
    "errors": ["createBooking 409"],
    "partner-bookings": [
        "searchBookingCustomers", "queryBookingAvailability",
        "createBookingAppointment", "createBookingAppointment 201",
    ],
    "partner-calendars": ["createCalendar", "cancelEvent", "createEvent"],
    "partner-guide": [
        "createSubscription", "createSubscription", "createManySubscriptions", "createRoomList", "createSubscription",
        "calendarEventUpdated", "resyncSubscription", *["replayDeadLetters"] * 4,
    ],
    "partner-rooms": ["listRooms 200", "queryAvailability", "queryAvailability 200"],
    "partner-scheduling": ["moveBooking", "querySlots", "querySlots 200", "createBooking", "createBooking 201"],
    "queries": ["querySubscriptions"],
    "stopping": ["stopRelay"],
    "times": ["resyncSubscription"],
}  # fmt: skip
PARTNERS = {page.stem for page in (ROOT / "docs").glob("partner-*.md")}
JSON = re.compile(r"^```json\n(.*?)^```$|`(\{\"[^`]*)`|-d '(\{[^']*)'", re.M | re.S)
LEFT_OUT = re.compile(r"…'.* (does not match|is not valid under any)")  # a pattern that an ellipsis has not


def texts(page: str) -> list[str]:
    """Return the JSON texts of a page, in blocks, in code, and in calls of curl."""
    found = JSON.finditer((ROOT / "docs" / f"{page}.md").read_text())
    return [next(filter(None, match.groups())) for match in found]


def schema_of(named: str) -> dict[str, Any]:
    """Return the schema of an operation's body, or of its answer with a status."""
    name, _, status = named.partition(" ")
    paths = [*DOCUMENT["paths"].values(), *DOCUMENT["webhooks"].values()]
    (operation,) = [one for methods in paths for one in methods.values() if one["operationId"] == name]
    content = operation["responses"][status] if status else operation["requestBody"]
    (media,) = content["content"].values()
    schema: dict[str, Any] = media["schema"]
    return schema


@pytest.mark.parametrize("page", PAGES)
def test_each_text_is_of_its_schema(page: str) -> None:
    """An ellipsis stands for what is left out: a text, or a part of one, or the items of a list."""
    read = [json.loads(text.replace("[…]", '["…"]')) for text in texts(page)]
    errors = {
        f"{named} {error}"
        for named, value in zip(PAGES[page], read, strict=True)
        for error in PRESENT.schema_errors(schema_of(named), value)
    }
    assert {error for error in errors if not LEFT_OUT.search(error)} == set()


def test_no_page_for_partners_is_left_out() -> None:
    """Nor one without a text."""
    assert PAGES.keys() >= PARTNERS
    assert [page for page in PAGES if not texts(page)] == []


def test_a_wrong_text_is_detected() -> None:
    """A field too many, and one too few."""
    assert schema_error(schema_of("createCalendar"), {"name": "A", "colour": "red"})
    assert schema_error(schema_of("querySlots 200"), {"value": []})
