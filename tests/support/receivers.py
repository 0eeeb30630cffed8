"""The two example receivers, and deliveries as the relay makes them: the guide's Python, and sandbox/partner."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from standardwebhooks import Webhook

from sandbox.partner.contract import violations
from sandbox.partner.receive import Calendars, Receiver
from tests.support.guide import in_python
from tests.support.partner_process import SECRET

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
MAILBOX = "room1@contoso.com"
DELETED = "deleted"


@dataclass(frozen=True)
class Delivery:
    """One POST. `state` is what the partner has of the event afterwards: None for a deletion."""

    webhook_id: str
    event_id: str
    state: str | None
    timestamp: str
    body: bytes


class Sender:
    """Makes deliveries: each has a later timestamp than the one before, by whole seconds; each state a new id."""

    def __init__(self) -> None:
        self._seconds = itertools.count(1)
        self._states = itertools.count(1)

    def now(self) -> str:
        """Return the next second."""
        return (START + timedelta(seconds=next(self._seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")

    def send(self, event_id: str, kind: str) -> Delivery:
        """Return the first attempt for a new state of an event; `kind` is created, updated or deleted."""
        state = f"state {next(self._states)}"
        return self._delivery(f"msg_{event_id}_{state}", event_id, kind, None if kind == DELETED else state)

    def again(self, sent: Delivery) -> Delivery:
        """Return the next attempt for the same state, which the relay has read again."""
        kind = DELETED if sent.state is None else "updated"
        return self._delivery(sent.webhook_id, sent.event_id, kind, sent.state)

    def _delivery(self, webhook_id: str, event_id: str, kind: str, state: str | None) -> Delivery:
        times = {"start": "2026-11-20T12:00:00Z", "end": "2026-11-20T13:00:00Z"}
        dates = {"startDate": None, "endDate": None}
        details = {"title": state, **times, **dates, "allDay": False, "availability": "busy", "cancelled": False}
        event = {"id": event_id, "seriesId": None} | ({} if state is None else details)
        timestamp = self.now()
        content = {"type": f"calendar.event.{kind}", "timestamp": timestamp,
                   "data": {"subscriptionId": "watch", "mailbox": MAILBOX, "event": event}}  # fmt: skip
        return Delivery(webhook_id, event_id, state, timestamp, json.dumps(content).encode())


class TakesDeliveries(Protocol):
    """What a test does with a receiver."""

    def take(self, delivery: Delivery) -> None:
        """Take a delivery."""

    def states(self) -> dict[str, str]:
        """Return the state of each event that the receiver has."""

    def forget_ids(self) -> None:
        """Forget the webhook-ids, as after eight days."""

    def drop_before(self, created: str) -> None:
        """Drop what is older than the mailbox's watch, as the guide says."""


class GuideReceiver:
    """The guide's `take`, with its database in memory."""

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        names = names or in_python()
        self.take_in = names["take"]
        self.database = sqlite3.connect(":memory:")
        self.database.executescript(names["SCHEMA"])

    def take(self, delivery: Delivery) -> None:
        """Take a delivery."""
        self.take_in(self.database, delivery.webhook_id, json.loads(delivery.body))

    def states(self) -> dict[str, str]:
        """Return the title of each event."""
        rows = self.database.execute("SELECT id, event FROM events WHERE event IS NOT NULL").fetchall()
        return {event_id: json.loads(event)["title"] for event_id, event in rows}

    def forget_ids(self) -> None:
        """Forget the webhook-ids."""
        self.database.execute("DELETE FROM taken")

    def drop_before(self, created: str) -> None:
        """Drop the events with an earlier timestamp."""
        self.database.execute("DELETE FROM events WHERE mailbox = ? AND read_at < ?", (MAILBOX, created))

    def empty(self) -> None:
        """Forget everything."""
        self.forget_ids()
        self.database.execute("DELETE FROM events")


class _Signed(Webhook):
    """Accepts every signature: it would take most of an exhaustive test's time."""

    def verify(self, data: bytes | str, headers: dict[str, str], **_: Any) -> Any:
        """Return nothing."""


class SandboxReceiver:
    """The sandbox's receiver; a violation of the contract fails the test."""

    def __init__(self, calendars: Calendars | None = None) -> None:
        self.calendars = calendars or Calendars()
        self.receiver = Receiver([SECRET], self.calendars, violations)
        self.receiver.webhooks = [_Signed(SECRET)]

    def take(self, delivery: Delivery) -> None:
        """Take a delivery."""
        receipt = self.receiver.receive({"webhook-id": delivery.webhook_id}, delivery.body)
        assert (receipt.status, receipt.violations) == (204, ())

    def states(self) -> dict[str, str]:
        """Return the title of each event."""
        return {event["id"]: event["title"] for events in self.calendars.listed().values() for event in events}

    def forget_ids(self) -> None:
        """Forget the webhook-ids."""
        self.receiver.applied.clear()

    def drop_before(self, created: str) -> None:
        """Drop the events with an earlier timestamp."""
        self.calendars.drop_before(MAILBOX, datetime.fromisoformat(created))

    def empty(self) -> None:
        """Forget everything."""
        self.forget_ids()
        self.calendars.forget()


def newest(deliveries: Iterable[Delivery]) -> dict[str, str]:
    """Return the state of each event by its newest delivery."""
    last: dict[str, Delivery] = {}
    for delivery in deliveries:
        known = last.get(delivery.event_id)
        if known is None or known.timestamp < delivery.timestamp:
            last[delivery.event_id] = delivery
    return {event_id: each.state for event_id, each in last.items() if each.state is not None}
