"""What a delivery about an appointment may contain, and what the partner keeps of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.partner.appointments import Appointments
from sandbox.partner.contract import violations


def delivery(kind: str = "created", second: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a delivery."""
    appointment = {
        "id": "AAMk1", "businessId": "workshop@contoso.com", "serviceId": "repair", "staffIds": ["ada"],
        "start": "2026-11-24T09:00:00Z", "end": "2026-11-24T09:45:00Z",
        "status": "cancelled" if kind == "cancelled" else "booked",
    }  # fmt: skip
    return {"type": f"bookings.appointment.{kind}", "timestamp": f"2026-11-20T10:00:{second:02}Z",
            "data": {"appointment": appointment | changes}}  # fmt: skip


@pytest.mark.parametrize("kind", ["created", "updated", "cancelled"])
def test_each_type_keeps_the_contract(kind: str) -> None:
    """With exactly its fields."""
    assert violations(delivery(kind)) == ()


@pytest.mark.parametrize(
    "changes",
    [{"customer": "Kari"}, {"status": "cancelled"}, {"end": "2026-11-24T08:00:00Z"}, {"start": "2026-11-24T09:00"},
     {"staffIds": "ada"}, {"businessId": "Workshop"}, {"id": "AAMk/1"}],
)  # fmt: skip
def test_anything_else_breaks_it(changes: dict[str, Any]) -> None:
    """A name of a customer, above all."""
    assert len(violations(delivery(**changes))) == 1


def test_a_missing_field_breaks_it() -> None:
    """Of the appointment, and of the envelope."""
    body = delivery()
    del body["data"]["appointment"]["end"], body["timestamp"]
    assert len(violations(body)) == 2


def test_the_latest_state_counts() -> None:
    """A late delivery changes nothing, a cancellation ends the appointment, and other bodies are no appointments."""
    kept = Appointments()
    bodies: list[Any] = [delivery(second=5, start="2026-11-24T10:00:00Z"), delivery(second=1), {"type": "x"}, []]
    for body in bodies:
        kept.apply(json.dumps(body).encode())
    assert [each["start"] for each in kept.listed()["workshop@contoso.com"]] == ["2026-11-24T10:00:00Z"]
    kept.apply(json.dumps(delivery("cancelled", 6)).encode())
    assert kept.listed() == {"workshop@contoso.com": []}
    kept.forget()
    assert kept.listed() == {}
