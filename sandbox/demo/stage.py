"""Make changes in the tenant and wait until each reaches the partner."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.demo import table
from sandbox.demo.expected import expected_calendar
from sandbox.stack import Stack

TIMEOUT = 180.0  # seconds; a lost subscription is denied twice, a minute apart, before it is made anew
POLL_INTERVAL = 0.1


@dataclass
class Change:
    """One change in the tenant: mailbox, kind, and event id (for a series, its master: it covers all occurrences)."""

    mailbox: str
    what: str
    event_id: str
    changed_at: float = field(default_factory=time.monotonic)
    arrived: float | None = None


Act = Callable[[], Change | None]  # makes a change; None when the tenant rejected it


class Stage:
    """The sandbox during a demonstration; counts the changes made and those that arrived."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.changes: list[Change] = []

    def watch(self, mailbox: str) -> None:
        """Create a watch, as the partner does."""
        watch = self.stack.relay.watch(mailbox)
        print(f"watched: {mailbox} (subscription {watch['id'][:8]}…, until {watch['expirationDateTime']})", flush=True)

    def play(self, acts: list[Act]) -> None:
        """Make all changes, then wait until the partner has each."""
        changes = [change for act in acts if (change := act()) is not None]
        self.changes += changes
        waiting, deadline = list(changes), time.monotonic() + TIMEOUT
        while waiting and time.monotonic() < deadline:
            expected = {mailbox: self.expected(mailbox) for mailbox in {change.mailbox for change in waiting}}
            received = self.received()
            for change in [change for change in waiting if _has_arrived(change, received, expected)]:
                change.arrived = time.monotonic()
                waiting.remove(change)
                self._show(change, received)
            time.sleep(POLL_INTERVAL)
        for change in waiting:
            self._show(change, self.received())

    def received(self) -> dict[str, dict[str, Any]]:
        """Return the partner's events by mailbox and id."""
        listed = self.stack.partner.calendars()
        return {mailbox: {event["id"]: event for event in events} for mailbox, events in listed.items()}

    def expected(self, mailbox: str) -> dict[str, Any]:
        """Return the events that the partner must have: those within the relay's window."""
        now = datetime.now(UTC)
        past, future = (int(self.stack.settings[f"WINDOW_{side}_DAYS"]) for side in ("PAST", "FUTURE"))
        view = self.stack.tenant.calendar(mailbox, "2000-01-01T00:00:00Z", "2040-01-01T00:00:00Z")
        window = (_iso(now - timedelta(days=past)), _iso(now + timedelta(days=future)))
        events = expected_calendar(view)
        return {key: event for key, event in events.items() if event["start"] < window[1] and event["end"] > window[0]}

    def differences(self) -> list[str]:
        """Return the differences between the partner's events and the calendars."""
        received, differences = self.received(), []
        for mailbox in sorted({change.mailbox for change in self.changes}):
            expected, actual = self.expected(mailbox), received.get(mailbox, {})
            differences += [
                f"{mailbox}: expected {expected.get(event_id)}, the partner has {actual.get(event_id)}"
                for event_id in sorted(expected.keys() | actual.keys())
                if expected.get(event_id) != actual.get(event_id)
            ]
        return differences

    def _show(self, change: Change, received: dict[str, dict[str, Any]]) -> None:
        event = next(iter(_of(change, received.get(change.mailbox, {})).values()), None)
        seconds = None if change.arrived is None else change.arrived - change.changed_at
        table.row(change.mailbox, change.what, event, seconds)


def _has_arrived(change: Change, received: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> bool:
    return _of(change, received.get(change.mailbox, {})) == _of(change, expected[change.mailbox])


def _of(change: Change, events: dict[str, Any]) -> dict[str, Any]:
    """Return the events that a change concerns."""
    return {key: event for key, event in events.items() if change.event_id in (key, event["seriesId"])}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
