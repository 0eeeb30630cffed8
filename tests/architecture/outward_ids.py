"""The ids that the product derives, by their inputs; without private names where possible."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from unittest.mock import MagicMock

from azure.data.tables import UpdateMode

from shared.calendars.requests import page_token, read_new_event
from shared.calendars.service import CalendarService
from shared.errors import GraphNotFound
from shared.graph.client_state import Key, sign
from shared.partner.payload import message_id
from shared.resync.memory import hashed
from shared.scheduling.requests import read_booking
from shared.storage.ledger import Ledger
from shared.storage.parked import parked_id
from shared.storage.room_lists import room_list_id_of
from shared.storage.slot_bookings import Booking, SlotBookings
from shared.storage.watches import watch_id_of
from shared.telemetry import short
from shared.threads import MailboxLimits
from tests.architecture.outward import in_order
from tests.support.appointments_world import COURSE, CUT, AppointmentWorld
from tests.support.table import Entity, FakeTable
from tests.support.world import World, event

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TIMES = {"start": "2027-01-04T09:00:00Z", "end": "2027-01-04T10:00:00Z"}


class RecordingTable(FakeTable):
    """A table that records the keys of the rows added to it, also of those that are deleted since."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[list[str]] = []

    def create_entity(self, entity: Entity, **_: Any) -> dict[str, Any]:
        """Add a row or raise 409."""
        created = super().create_entity(entity)
        self.keys.append([entity["PartitionKey"], entity["RowKey"]])
        return created

    def upsert_entity(self, entity: Entity, mode: UpdateMode = UpdateMode.MERGE, **_: Any) -> dict[str, Any]:
        """Add a row or change it."""
        written = super().upsert_entity(entity, mode)
        self.keys.append([entity["PartitionKey"], entity["RowKey"]])
        return written


def ledger_row(watch_id: str, event_id: str) -> list[list[str]]:
    """Return the key of an event's entry."""
    table = RecordingTable()
    ledger = Ledger(lambda: table, lambda: NOON)
    ledger.claim(ledger.read(watch_id, [event_id]))
    return table.keys


def slot_rows(mailbox: str, start: str, end: str) -> list[list[str]]:
    """Return the keys of a booking and of its times."""
    table, moments = RecordingTable(), (datetime.fromisoformat(start), datetime.fromisoformat(end))
    SlotBookings(lambda: table).claim(Booking("b" * 32, mailbox, *moments, NOON, "t"))
    return table.keys


def slot_booking(mailbox: str, key: str) -> str:
    """Return the id of a booking requested with an Idempotency-Key."""
    body = {"start": TIMES["start"], "duration": 30, "title": "T", "customer": {"name": "Åse"}}
    return str(in_order(read_booking(mailbox, body, key, NOON))[0])


def event_transaction(mailbox: str, calendar: str, key: str) -> list[str]:
    """Return the transactionId for Graph of an event requested with an Idempotency-Key."""
    parts, request = MagicMock(), read_new_event({"title": "T", **TIMES})
    with suppress(Exception):  # Graph's response is a mock
        service = CalendarService(
            parts.settings, parts.allow_list, parts.calendars, MailboxLimits(), parts.owners, parts.writer,
            parts.first_calls,
        )  # fmt: skip
        service.create_event(mailbox, calendar, request, key)
    given = (value for call in parts.mock_calls for value in call.args if isinstance(value, dict))
    return [value["transactionId"] for value in given if "transactionId" in value]


def appointment_attempt(business: str, service: str, start: str, email: str) -> list[str]:
    """Return the leases of an appointment's creation: the appointment's own, then its business's."""
    world = AppointmentWorld()
    world.lease_rows = table = RecordingTable()
    world.add(business, "Another", services=[CUT, COURSE])
    world.book(business, service=service, start=start, customer={"name": "Ola", "email": email})
    world.end()
    return [key for _, key in table.keys]


def business_lease(business: str) -> list[list[str]]:
    """Return the key of a business's lease."""
    world = AppointmentWorld()
    world.lease_rows = table = RecordingTable()
    with world.business_lock.hold(business):
        return table.keys


def deliveries(event_id: str, *etags: str) -> list[str]:
    """Return the webhook-ids of an event's states in sequence; a state without an etag is its deletion."""
    world = World()
    world.watch()
    for etag in etags:
        world.events.by_id[event_id] = event(event_id, etag) if etag else GraphNotFound(404, "ErrorItemNotFound")
        message = world.hint(event_id, deleted=not etag)
        world.pass_by(12)
        world.delivery.deliver(message)
    world.end()
    return list(world.webhook.tried)


def unreadable_letter(text: str) -> list[Any]:
    """Return the key and name under which an unreadable message is kept."""
    world = World()
    world.parked_rows = table = RecordingTable()
    world.dead_letters.dead_letter_unreadable(text)
    return [*table.keys, *(row["event_id"] for row in table.rows.values())]


def client_state(watch_id: str, version: str, secret: str) -> str:
    """Return the clientState for a watch, in the form that names no kind of delivery."""
    return sign(watch_id, Key(version, secret.encode(), NOON), "relay", "")


KINDS: dict[str, Callable[..., Any]] = {
    "appointment attempt": appointment_attempt,
    "appointment turn": business_lease,
    "client state": client_state,
    "deliveries": deliveries,
    "event transaction": event_transaction,
    "fingerprint": lambda text: hashed(text).hex(),
    "ledger row": ledger_row,
    "page": lambda *place: page_token({place[0]: place[1]}),
    "parked": parked_id,
    "room list": room_list_id_of,
    "short": short,
    "slot booking": slot_booking,
    "slot rows": slot_rows,
    "unreadable letter": unreadable_letter,
    "watch": watch_id_of,
    "webhook": message_id,
}


def id_of(kind: str, given: list[str]) -> Any:
    """Return the id that the product derives from its inputs."""
    return KINDS[kind](*given)
