"""Make changes in the tenant, and see each of them arrive at the partner."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.demo import table
from sandbox.demo.expected import expected_calendar
from sandbox.stack import Stack

PATIENCE = 45.0  # seconds; the first retry of a failed delivery comes after five
LOOK_EVERY = 0.1


@dataclass
class Change:
    """One change made in the tenant: where, what, and of which event (a series stands for its occurrences)."""

    mailbox: str
    what: str
    event_id: str
    made: float = field(default_factory=time.monotonic)
    arrived: float | None = None


Act = Callable[[], Change | None]  # makes a change; None when the tenant would not have it


class Stage:
    """The sandbox as the demonstration uses it; counts the changes made and those seen to arrive."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.changes: list[Change] = []

    def watch(self, mailbox: str) -> None:
        """Set up a watch as the partner does."""
        watch = self.stack.relay.watch(mailbox)
        print(f"watched: {mailbox} (subscription {watch['id'][:8]}…, until {watch['expirationDateTime']})", flush=True)

    def play(self, acts: list[Act]) -> None:
        """Make changes, all at once, then wait until the partner knows of each."""
        made = [change for act in acts if (change := act()) is not None]
        self.changes += made
        waiting, give_up = list(made), time.monotonic() + PATIENCE
        while waiting and time.monotonic() < give_up:
            truths = {mailbox: self.truth(mailbox) for mailbox in {change.mailbox for change in waiting}}
            picture = self.pictures()
            for change in [change for change in waiting if _is_known(change, picture, truths)]:
                change.arrived = time.monotonic()
                waiting.remove(change)
                self._show(change, picture)
            time.sleep(LOOK_EVERY)
        for change in waiting:
            self._show(change, self.pictures())

    def pictures(self) -> dict[str, dict[str, Any]]:
        """Return the partner's events by mailbox and id."""
        listed = self.stack.partner.picture()
        return {mailbox: {event["id"]: event for event in events} for mailbox, events in listed.items()}

    def truth(self, mailbox: str) -> dict[str, Any]:
        """Return what the partner must know: what lies within the relay's window."""
        now = datetime.now(UTC)
        past, future = (int(self.stack.settings[f"WINDOW_{side}_DAYS"]) for side in ("PAST", "FUTURE"))
        view = self.stack.tenant.calendar(mailbox, "2000-01-01T00:00:00Z", "2040-01-01T00:00:00Z")
        window = (_iso(now - timedelta(days=past)), _iso(now + timedelta(days=future)))
        events = expected_calendar(view)
        return {key: event for key, event in events.items() if event["start"] < window[1] and event["end"] > window[0]}

    def differences(self) -> list[str]:
        """Return where the partner's picture differs from the calendars, in words."""
        pictures, differences = self.pictures(), []
        for mailbox in sorted({change.mailbox for change in self.changes}):
            truth, known = self.truth(mailbox), pictures.get(mailbox, {})
            differences += [
                f"{mailbox}: is {truth.get(event_id)}, the partner has {known.get(event_id)}"
                for event_id in sorted(truth.keys() | known.keys())
                if truth.get(event_id) != known.get(event_id)
            ]
        return differences

    def _show(self, change: Change, pictures: dict[str, dict[str, Any]]) -> None:
        event = next(iter(_of(change, pictures.get(change.mailbox, {})).values()), None)
        seconds = None if change.arrived is None else change.arrived - change.made
        table.row(change.mailbox, change.what, event, seconds)


def _is_known(change: Change, pictures: dict[str, dict[str, Any]], truths: dict[str, dict[str, Any]]) -> bool:
    return _of(change, pictures.get(change.mailbox, {})) == _of(change, truths[change.mailbox])


def _of(change: Change, events: dict[str, Any]) -> dict[str, Any]:
    """Return the events that a change is about."""
    return {key: event for key, event in events.items() if change.event_id in (key, event["seriesId"])}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
