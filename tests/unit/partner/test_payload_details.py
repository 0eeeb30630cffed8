"""The fields that EVENT_DETAIL adds to the payload."""

from __future__ import annotations

from typing import Any

import pytest

from shared.config import DETAILS
from shared.partner.payload import detailed_event, public_event
from tests.unit.partner.test_payload import EVENT

FULL = EVENT | {
    "location": {"displayName": "Room 7", "address": {"city": "canary"}, "coordinates": {"latitude": 1}},
    "organizer": {"emailAddress": {"name": "Ola Nordmann", "address": "ola@contoso.com", "canary": "canary"}},
    "attendees": [{"emailAddress": {"address": "canary@contoso.com"}}] * 3,
}
ALL = frozenset(DETAILS)


def details(allowed: frozenset[str] = ALL, **changes: Any) -> dict[str, Any]:
    """Return the fields beside the public ones."""
    event = FULL | changes
    told = detailed_event(event, allowed)
    return {name: value for name, value in told.items() if name not in public_event(event)}


def test_every_detail_is_delivered() -> None:
    """The details are a name, two texts and a number; no attendee is named."""
    assert details() == {
        "location": "Room 7", "organizer": {"name": "Ola Nordmann", "address": "ola@contoso.com"}, "attendees": 3,
    }  # fmt: skip
    assert "canary" not in str(detailed_event(FULL, ALL))


@pytest.mark.parametrize("allowed", [frozenset(), *(frozenset({name}) for name in DETAILS)])
def test_a_detail_that_is_not_allowed_is_absent(allowed: frozenset[str]) -> None:
    """The field is missing, not null."""
    assert details(allowed).keys() == allowed


@pytest.mark.parametrize("sensitivity", ["private", "confidential", "secretOfTomorrow", None])
def test_a_private_event_has_no_details(sensitivity: str | None) -> None:
    """Not even the number of attendees is delivered."""
    assert details(sensitivity=sensitivity) == dict.fromkeys(DETAILS)


@pytest.mark.parametrize("odd", [None, 1, "text", [], {}, {"displayName": 1, "emailAddress": 1}, {"displayName": ""}])
def test_a_detail_that_cannot_be_read_is_empty(odd: object) -> None:
    """Graph may leave out any of these properties."""
    assert details(location=odd, organizer=odd, attendees=odd) == {"location": None, "organizer": None, "attendees": 0}
    mailbox = {"emailAddress": {"name": odd if not isinstance(odd, str) else None, "address": ""}}
    assert details(organizer=mailbox)["organizer"] == {"name": None, "address": None}
