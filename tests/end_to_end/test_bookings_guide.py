"""The bodies of the partner guide for Bookings are accepted on the running stack."""

import json

from tests.support.pages import blocks
from tests.support.relay import Relay
from tests.support.workshop import ADDRESS, BUSINESS, at


def test_the_first_example_of_the_page_is_accepted(relay: Relay) -> None:
    """With another time and the names of this business, it creates an appointment as the second example is."""
    body, created = map(json.loads, blocks("partner-bookings", "json")[:2])
    relay.tenant.control("POST", "/bookings", BUSINESS)
    changes = {"service": "Repair", "staff": ["Staff 9"], "start": at(14)}
    answer = relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body | changes)
    assert (answer.status_code, answer.json().keys()) == (201, created.keys())
