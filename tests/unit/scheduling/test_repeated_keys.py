"""An Idempotency-Key that is used again: the same call gets the same booking, and any other call 422."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.caller_keys import Identifiers
from shared.errors import GraphUnavailable, RequestRejected
from shared.key_vault import Secrets
from shared.scheduling.requests import NewBooking, read_booking
from tests.support.booking_world import AGENT, BookingWorld
from tests.support.fake_vault import Vault

BODY: dict[str, Any] = {
    "start": "2026-11-20T12:00:00Z", "duration": 30, "title": "canary-title",
    "customer": {"name": "canary-name", "email": "canary@fabrikam.com"}, "invite": False,
}  # fmt: skip
CHANGES: dict[str, dict[str, Any]] = {
    "start": {"start": "2026-11-20T12:30:00Z"}, "a minute": {"start": "2026-11-20T12:05:00Z"},
    "duration": {"duration": 35}, "title": {"title": "Canary-title"}, "name": {"customer": {"name": "Ola"}},
    "no address": {"customer": {"name": "canary-name"}}, "invite": {"invite": True},
    "address": {"customer": {"name": "canary-name", "email": "other@fabrikam.com"}},
}  # fmt: skip


@pytest.fixture(params=[False, True], ids=["without a secret", "with a secret"])
def world(request: pytest.FixtureRequest) -> Iterator[BookingWorld]:
    """Return a world whose vault has an identifier key, or is that of an upgrade by code alone."""
    booking_world = BookingWorld()
    if request.param:
        add_secret(booking_world)
    yield booking_world
    booking_world.end()


def add_secret(world: BookingWorld) -> None:
    """Give the vault an identifier key."""
    secrets = Secrets(lambda: Vault(**{"identifier-key": ["a secret of forty different letters, 0123"]}), lambda: 300.0)
    world.identifiers = Identifiers(secrets, lambda: "identifier-key")
    vars(world).pop("slot_booker", None)


def call(world: BookingWorld, **changes: Any) -> NewBooking:
    """Return the request of a call with the key."""
    return read_booking(AGENT, BODY | changes, "order-17", world.time)


def refused(world: BookingWorld, request: NewBooking) -> str:
    """Return the code of a refusal."""
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(request)
    assert caught.value.status == 422
    return caught.value.problem.code


@pytest.mark.parametrize("change", CHANGES)
def test_another_call_with_the_key_is_refused(world: BookingWorld, change: str) -> None:
    """Whatever differs; and the first call is still answered with its booking."""
    first, _ = world.slot_booker.book(call(world))
    assert refused(world, call(world, **CHANGES[change])) == "idempotency_key_reused"
    again, is_new = world.slot_booker.book(call(world))
    assert (again.booking.id, is_new) == (first.booking.id, False)
    assert len(world.graph_calendars.spans()) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_another_call_does_not_continue_an_interrupted_call(world: BookingWorld, change: str) -> None:
    """Its event would have the first call's time and the second call's title."""

    def fail(name: str) -> None:
        if name == "create":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    world.graph_calendars.before = fail
    with pytest.raises(RequestRejected):
        world.slot_booker.book(call(world))
    world.graph_calendars.before = lambda _: None
    assert refused(world, call(world, **CHANGES[change])) == "idempotency_key_reused"
    world.slot_booker.book(call(world))
    (event,) = world.graph_calendars.events[AGENT].values()
    assert event["subject"] == "canary-title"


@pytest.mark.parametrize("spelling", ["2026-11-20T13:00:00+01:00", "2026-11-20T12:00Z"])
def test_the_same_moment_in_another_spelling_is_the_same_call(world: BookingWorld, spelling: str) -> None:
    """And so is the order of the fields."""
    first, _ = world.slot_booker.book(call(world))
    again, _ = world.slot_booker.book(call(world, start=spelling))
    assert again.booking.id == first.booking.id


def test_the_key_is_remembered_while_the_row_is(world: BookingWorld) -> None:
    """A move, by the partner or in Outlook, makes the first call no other; a week later its body is still compared."""
    first, _ = world.slot_booker.book(call(world))
    world.booking_changer.move(AGENT, first.booking.id, {"start": world.slot(14).start.isoformat()})
    assert world.slot_booker.book(call(world))[0].booking.id == first.booking.id
    moved = call(world, start="2026-11-20T14:00:00Z")
    assert refused(world, moved) == "idempotency_key_reused"
    request = call(world, title="Another")
    world.pass_by(6 * 86_400)
    world.booking_cleanup.resolve_all()
    assert refused(world, request) == "idempotency_key_reused"


def test_a_row_of_an_earlier_version_knows_only_the_time(world: BookingWorld) -> None:
    """Another title is not refused, another time is."""
    first, _ = world.slot_booker.book(call(world))
    for row in world.slot_rows.rows.values():
        row.pop("content_hash", None)
    assert world.slot_booker.book(call(world, title="Another"))[0].booking.id == first.booking.id
    assert refused(world, call(world, duration=60)) == "idempotency_key_reused"


def test_a_row_from_before_the_secret_is_compared(world: BookingWorld) -> None:
    """The deployment got its secret between the two calls."""
    first, _ = world.slot_booker.book(call(world))
    add_secret(world)
    assert world.slot_booker.book(call(world))[0].booking.id == first.booking.id
    assert refused(world, call(world, title="Another")) == "idempotency_key_reused"


def test_the_row_holds_no_title_and_no_customer(world: BookingWorld) -> None:
    """Only a keyed hash: without a key of its own, two bookings with the same content have no column in common."""
    world.slot_booker.book(call(world))
    other = read_booking(AGENT, BODY | {"start": "2026-11-20T13:00:00Z"}, "order-18", world.time)
    world.slot_booker.book(replace(other))
    rows = [dict(row) for row in world.slot_rows.rows.values() if "content_hash" in row]
    assert len({row["content_hash"] for row in rows}) == len(rows) == 2
    assert "canary" not in str(list(world.slot_rows.rows.values()))
