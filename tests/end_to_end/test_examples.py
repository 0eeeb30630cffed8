"""The examples of docs/examples work on the running stack, in Python and in Node, with a key or with a token."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import scheduling_calls, workshop
from tests.support.example_runs import in_language
from tests.support.expected import at
from tests.support.pages import blocks
from tests.support.relay import Relay
from tests.support.scheduling_calls import agent

Example = Callable[..., Any]
NODE_NAMES = {"not_watched": "notWatched"}


@pytest.fixture(params=["python with a key", "node with a token"])
def example(request: pytest.FixtureRequest, relay: Relay) -> Example:
    """Return what calls a function of the examples, by file and name; it returns the result or the error."""
    language = request.param.split()[0]
    credential = {"key": relay.api.keys["function"]} if language == "python" else {"token": relay.token("Relay.Setup")}
    certificates = relay.stack.certificates
    environment = os.environ | {
        "REQUESTS_CA_BUNDLE": str(certificates.bundle),
        "NODE_EXTRA_CA_CERTS": str(certificates.ca_pem),
    }

    def run(file: str, name: str, *arguments: Any) -> Any:
        function = name if language == "python" else NODE_NAMES.get(name, name)
        call: dict[str, Any] = {"file": file, "function": function, "arguments": arguments}
        call |= {"url": relay.api.url, "credential": credential, "hasty": False}
        (end,) = in_language(language, [call], environment)
        return end.get("result", end.get("code"))

    return run


def test_watches_are_set_up_listed_and_removed(relay: Relay, example: Example) -> None:
    """A second set-up gives the same watch, and removing it twice is no error."""
    first, second = relay.mailbox(), relay.mailbox()
    watch = example("subscriptions", "watch", first)
    assert example("subscriptions", "watch", first)["id"] == watch["id"]
    assert first in [listed["mailbox"] for listed in example("subscriptions", "watches")]
    assert example("subscriptions", "not_watched", [first, second]) == [second]
    assert [example("subscriptions", "unwatch", watch["id"]) for _ in range(2)] == [None, None]
    assert example("subscriptions", "watch", "room1@fabrikam.com") == "mailbox_not_allowed"


def test_an_event_is_created_once_renamed_and_listed(relay: Relay, example: Example) -> None:
    """A lost response creates no second event, and after 412 the event is read again."""
    address, body = relay.mailbox(), json.loads(blocks("partner-calendars", "json")[0]) | {"recurrence": None}
    relay.fault(r"POST /v1\.0/users/[^/]+/events$", times=1, after=True, status=503, headers={"Retry-After": "1"})
    created = example("calendars", "book", address, body, "order-1")
    assert example("calendars", "book", address, body, "order-1")["id"] == created["id"]
    conflict = {"error": {"code": "ErrorIrresolvableConflict"}}
    relay.fault(r"PATCH /v1\.0/users/[^/]+/events/", times=1, status=412, body=conflict)
    assert example("calendars", "rename", address, created["id"], "Renamed")["title"] == "Renamed"
    shown = example("calendars", "shown", address, "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")
    assert [(event["id"], event["title"]) for event in shown] == [(created["id"], "Renamed")]
    local = {"title": "Kick-off", "start": at(1), "end": at(2)}
    assert example("calendars", "book", address, local, "order-2") == "invalid_request"


def test_a_slot_is_looked_for_and_booked(relay: Relay, example: Example) -> None:
    """All pages of two agents' slots; the second call for a slot gets the nearest that are free."""
    agents = [agent(relay), agent(relay)]
    query, listed, body, booking = map(json.loads, blocks("partner-scheduling", "json"))
    del query["mailboxes"]  # the example adds the other agents
    query |= {"from": scheduling_calls.at(0), "to": scheduling_calls.at(24), "pageSize": 3}
    slots = example("scheduling", "slots", agents, query)
    assert (len(slots), sorted(slots[2]["mailboxes"])) == (16, sorted(agents))
    assert slots[0].keys() == listed["value"][0].keys()
    body |= {"start": slots[2]["start"]}
    relay.fault("POST .*/events$", status=503, times=1, headers={"Retry-After": "1"})
    created, nearest = example("scheduling", "book", agents[0], body, "order-1")
    assert example("scheduling", "book", agents[0], body, "order-1") == [created, []]
    assert (created["event"]["start"], nearest) == (scheduling_calls.at(9), [])
    assert (created.keys(), created["event"].keys()) == (booking.keys(), booking["event"].keys())
    none, nearest = example("scheduling", "book", agents[0], body, "order-2")
    assert (none, len(nearest)) == (None, 5)


def test_an_appointment_is_created_once(relay: Relay, example: Example) -> None:
    """It is named by name or address, made once despite a 429, and refused by code outside of the hours."""
    relay.tenant.control("POST", "/bookings", workshop.BUSINESS)
    body = workshop.appointment_at(12)
    relay.fault("POST .*/appointments$", times=1, status=429, headers={"Retry-After": "1"})
    created = example("bookings", "booked", "Workshop & Co", body)
    assert example("bookings", "booked", workshop.ADDRESS, body) == created
    assert workshop.booked_ids(relay, body) == [created["id"]]
    assert example("bookings", "booked", workshop.ADDRESS, workshop.appointment_at(20)) == "business_rule"
