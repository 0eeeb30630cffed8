"""A world with rows of every kind that name a mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shared.errors import GraphUnavailable
from shared.graph.subscriptions import DeleteReason
from shared.messages import Change, ChangeMessage
from shared.policy.owner import OwnerReading
from shared.reliability.dead_letters import GAVE_UP, parse_selection
from shared.storage.slot_bookings import Booking
from shared.storage.unknown_subscriptions import UnknownSubscription, unknown_id_of
from shared.storage.watches import watch_id_of
from tests.support.table import FakeTable
from tests.support.traces import traces
from tests.support.unknown_world import PagedSubscriptions, UnknownWorld
from tests.support.world import MAILBOX, WATCH_ID

USER = "8d2e9a54-7c1b-4f6e-9a0d-3b5c7e9f1a2b"
OTHER, OTHER_USER = "room2@contoso.com", "11111111-2222-4333-8444-555555555555"
OTHER_ID = watch_id_of(OTHER)
NAMES = (MAILBOX, USER, WATCH_ID)
OTHER_NAMES = (OTHER, OTHER_USER, OTHER_ID)


class RefusingSubscriptions(PagedSubscriptions):
    """Graph's subscriptions. Those whose ids begin with `refused` cannot be deleted."""

    refused = ""

    def delete(self, subscription_id: str, reason: DeleteReason) -> None:
        """Delete one, or answer 503."""
        if self.refused and subscription_id.startswith(self.refused):
            raise GraphUnavailable(503, "ServiceUnavailable")
        super().delete(subscription_id, reason)


class FilledWorld(UnknownWorld):
    """A world in which two mailboxes are watched, and named by every kind of row."""

    subscriptions: RefusingSubscriptions

    def __init__(self) -> None:
        super().__init__()
        self.subscriptions = RefusingSubscriptions()
        self.attempts_table = self.attempt_rows = FakeTable()

    def fill(self, mailbox: str = MAILBOX, user_id: str = USER) -> None:
        """Make a row of every kind that names a mailbox."""
        watch_id = watch_id_of(mailbox)
        self.stray(f"s-{mailbox}", mailbox)
        self.watch(mailbox, subscription_id=f"s-{mailbox}", user_id=user_id, born=f"born of {mailbox}")
        self.ledger.claim([self.entry(f"E{number}", watch_id) for number in range(3)])
        changes = tuple(Change(watch_id, user_id, f"E{number}") for number in range(3))
        message = ChangeMessage(self.time, changes)
        self.parking.park(message, changes[:2], "paused")
        self.dead_letters.dead_letter(message, changes[2], GAVE_UP, 500)
        self.dead_letters.start_replay(parse_selection({"watch": watch_id}), "IT")
        self.stray(f"u-{mailbox}", mailbox)
        expires = self.time + timedelta(days=6)
        stored = unknown_id_of(f"u-{mailbox}"), f"u-{mailbox}", mailbox, expires, self.time, self.time
        self.unknown_subscriptions.insert(UnknownSubscription(*stored))
        self.off_list_rows.saw(watch_id, self.time)
        self.mailbox_owners.readings.write(OwnerReading(watch_id))
        if mailbox == MAILBOX:
            self.rollout_row.write(lambda _: {"target": "t", "first_id": watch_id})
        start = self.time + timedelta(hours=1)
        self.book(mailbox, start)

    def book(self, mailbox: str, start: datetime | None = None, number: int = 1) -> Booking:
        """Reserve half an hour, by default from now on."""
        begin = start or self.time
        end, booking_id = begin + timedelta(minutes=30), f"{number:032x}"
        claimed = self.slot_bookings.claim(
            Booking(booking_id, mailbox, begin, end, self.time, "transaction", "booked", "E1")
        )
        assert claimed is not None
        return claimed

    def traces(self, *names: str) -> list[tuple[str, str]]:
        """Return the rows of all tables that hold a name, and the column."""
        tables = (self.rows, self.ledger_rows, self.parked_rows, self.slot_rows, self.attempt_rows)
        return [trace for table in tables for trace in traces(table.rows.values(), names)]


@pytest.fixture
def world() -> Iterator[FilledWorld]:
    """Return a world in which two mailboxes have rows of every kind."""
    filled = FilledWorld()
    filled.fill()
    filled.fill(OTHER, OTHER_USER)
    yield filled
    filled.end()
