"""Claims about followed businesses on the running stack: what people do in Bookings reaches the partner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.relay import BOOKINGS_ROLES, Relay
from tests.support.waiting import eventually
from tests.support.workshop import ADDRESS, BUSINESS, appointment_at

SETTINGS = {"FEATURES": "relay,bookings", "BOOKINGS_DELIVERIES": ADDRESS}
PEOPLE = f"/bookings/{ADDRESS}/appointments"
TOMORROW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a relay that follows a business, and run its timer once: the first reading."""
    with Relay.running(tmp_path_factory.mktemp("followed"), SETTINGS) as relay:
        relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": BOOKINGS_ROLES})
        relay.tenant.control("POST", "/bookings", BUSINESS)
        relay.api.run("follow_appointments")
        assert eventually(lambda: "oldest reading" in check(relay)["detail"], every=1.0)
        yield relay


def check(relay: Relay) -> dict[str, Any]:
    """Return the health check of the followed businesses; one that is not ok while the checks have not ended."""
    checks: dict[str, Any] = relay.api.call("GET", "/health/checks").json()["checks"]
    return dict(checks.get("appointmentDeliveries") or {"ok": False, "detail": "not ended"})


def booked_by_others(relay: Relay, hours: int) -> str:
    """Make an appointment as a customer does; return its id."""
    given = {"serviceId": "repair", "start": (TOMORROW + timedelta(hours=hours)).isoformat()}
    return str(relay.tenant.control("POST", PEOPLE, given)["id"])


def followed_until(relay: Relay, condition: Callable[[], bool]) -> None:
    """Run the timer until a condition is true: lists of the sandbox show a write a little later."""

    def holds() -> bool:
        relay.api.run("follow_appointments")
        return condition()

    assert eventually(holds, every=1.0)


def replica(relay: Relay) -> dict[str, dict[str, Any]]:
    """Return the partner's living appointments of the business, by id."""
    listed: dict[str, Any] = relay.partner.control("GET", "/appointments")
    return {each["id"]: each for each in listed.get(ADDRESS, [])}


def test_what_people_do_reaches_the_partner(followed: Relay) -> None:
    """Made and moved, by deliveries that keep the contract, also when lists lag and lack others."""
    relay = followed
    booked = booked_by_others(relay, 1)
    followed_until(relay, lambda: booked in replica(relay))
    moved = (TOMORROW + timedelta(hours=5)).isoformat()
    relay.tenant.control("PATCH", f"{PEOPLE}/{booked}", {"start": moved})
    relay.tenant.control("POST", "/behaviours", {"on": {"appointmentListsLack": "all"}, "of": [ADDRESS]})
    followed_until(
        relay, lambda: datetime.fromisoformat(replica(relay)[booked]["start"]) == TOMORROW + timedelta(hours=5)
    )
    relay.tenant.control("DELETE", "/behaviours")
    deliveries = relay.partner.deliveries()
    assert (deliveries["violations"], deliveries["byType"].get("bookings.appointment.cancelled")) == ([], None)
    assert eventually(lambda: check(relay)["ok"], every=1.0)


def test_what_a_call_with_the_key_does_is_not_delivered(followed: Relay) -> None:
    """Its response says it; what people do afterwards is delivered."""
    relay = followed
    answer = relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=appointment_at(9))
    assert answer.status_code == 201
    others = booked_by_others(relay, 3)
    followed_until(relay, lambda: others in replica(relay))
    assert answer.json()["id"] not in replica(relay)


def test_an_endpoint_that_fails_gets_the_last_state_later(followed: Relay) -> None:
    """After its failures the same delivery comes again."""
    relay = followed
    relay.partner.control("POST", "/behaviour", {"status": 503, "times": 2})
    booked = booked_by_others(relay, 4)
    followed_until(relay, lambda: booked in replica(relay))
    attempts = [each for each in relay.partner.deliveries()["list"] if (each["type"] or "").startswith("bookings.")]
    assert len({each["webhookId"] for each in attempts if each["status"] == 503}) == 1
