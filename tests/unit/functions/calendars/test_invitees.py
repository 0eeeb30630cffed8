"""INVITEES says whom callers may invite through the customer's mailboxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from functions.calendars import change_event, create_event
from tests.support.graph_world import ROOM, USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.calendars.conftest import AT, MEETING, at, created, truth

pytestmark = pytest.mark.server

INSIDE, OUTSIDE = "ola@contoso.com", "canary@fabrikam.com"


def inviting(*addresses: str, kind: str = "required") -> dict[str, Any]:
    """Return the attendees of a body."""
    return {"attendees": [{"address": address, "type": kind} for address in addresses]}


def invited(world: TenantWorld) -> list[str]:
    """Return the attendees of the only event."""
    (event,) = truth(world)
    return [attendee["emailAddress"]["address"] for attendee in event["attendees"]]


@pytest.mark.parametrize(
    ("rule", "allowed", "refused"),
    [
        ("", [INSIDE, OUTSIDE], []),
        ("any", [INSIDE, OUTSIDE, "x@mars.example"], []),
        ("none", [], [INSIDE, OUTSIDE, USER, ROOM]),
        ("own-domains", [INSIDE, "Ola@CONTOSO.com", ROOM],
         [OUTSIDE, "x@sub.contoso.com", "x@contoso.com.evil.example", "x@evilcontoso.com", "x@tenant.onmicrosoft.com"]),
        ("OLA@contoso.com, @Fabrikam.com", [INSIDE, OUTSIDE, "a@FABRIKAM.com"], [USER, "x@contoso.com"]),
    ],
)  # fmt: skip
def test_the_rule_decides_on_each_attendee(
    world: TenantWorld, rule: str, allowed: Sequence[str], refused: Sequence[str]
) -> None:
    """As required, optional or resource, in a new event and in one that stands; a refusal changes nothing."""
    world.set(ALLOWED_MAILBOXES="@contoso.com,@tenant.onmicrosoft.com", INVITEES=rule)
    plain = created()
    for kind in ("required", "optional", "resource"):
        for address in refused:
            for function, method, body, place in (
                (create_event, "POST", MEETING, AT), (change_event, "PATCH", {}, at(plain)),
            ):  # fmt: skip
                text = problem(
                    function, 403, method=method, body=body | inviting(address, kind=kind), route_params=place
                )
                assert text == "attendees.0: the customer's INVITEES does not allow to invite them."
        assert len(truth(world)) == 1
    for address in allowed:
        json_of(change_event, 200, method="PATCH", body=inviting(address), route_params=at(plain))
        assert invited(world) == [address.lower()]


def test_an_attendee_of_the_event_may_stay(world: TenantWorld) -> None:
    """In any letters and as another kind; who left it may not come back."""
    event = created(**inviting(OUTSIDE, INSIDE))
    world.set(INVITEES="own-domains")
    stays = inviting(OUTSIDE.upper(), kind="optional") | {"title": "x"}
    json_of(change_event, 200, method="PATCH", body=stays, route_params=at(event))
    assert invited(world) == [OUTSIDE]
    more = inviting(OUTSIDE, "other@fabrikam.com")
    assert "attendees.1:" in problem(change_event, 403, method="PATCH", body=more, route_params=at(event))
    json_of(change_event, 200, method="PATCH", body=inviting(INSIDE), route_params=at(event))
    assert "attendees.0:" in problem(change_event, 403, method="PATCH", body=inviting(OUTSIDE), route_params=at(event))
    json_of(change_event, 200, method="PATCH", body={"start": "2026-12-01T10:00:00Z", "end": "2026-12-01T11:00:00Z"},
            route_params=at(event))  # fmt: skip


def test_an_attendee_that_leaves_stays_away(world: TenantWorld) -> None:
    """The event is changed as it was read: a change between makes the relay read it again."""
    event = created(**inviting(OUTSIDE))
    world.set(INVITEES="none")
    fault = {"match": f"PATCH /v1.0/users/{USER}/events/.*", "status": 412, "times": 1,
             "body": {"error": {"code": "ErrorIrresolvableConflict", "message": "x"}}}  # fmt: skip
    world.control("POST", "/faults", fault)
    json_of(change_event, 200, method="PATCH", body=inviting(OUTSIDE), route_params=at(event))
    world.control("POST", "/faults", fault | {"times": 100})
    problem(change_event, 412, method="PATCH", body=inviting(OUTSIDE), route_params=at(event))
    counts = world.control("GET", "/calls")
    assert counts["PATCH /users/{id}/events/{event}"] == 1


def test_a_broken_rule_allows_nobody(world: TenantWorld) -> None:
    """Events without attendees are made as before."""
    world.set(INVITEES="everybody")
    assert "INVITEES" in problem(create_event, 503, body=MEETING | inviting(INSIDE), route_params=AT)
    created()
