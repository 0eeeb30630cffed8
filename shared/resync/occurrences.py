"""A recurring series reaches the partner as its occurrences within the window; this finds those that changed.

Graph hints at the series master only ("event resource type": a change to a series arrives for the master), and
"List instances" expands it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.errors import GraphNotFound
from shared.graph.events import GONE, Events
from shared.messages import Change
from shared.partner import payload
from shared.resync.window import Window
from shared.storage.ledger import Entry, Ledger
from shared.storage.watches import Watch

_MASTER = "series "


def master_state(etag: str) -> str:
    """Return what the ledger keeps of a series master instead of a delivered state."""
    return _MASTER + etag


def is_master(entry: Entry) -> bool:
    """Return whether an entry is that of a series master."""
    return entry.delivered_state.startswith(_MASTER)


@dataclass(frozen=True)
class Occurrences:
    """Compares a series with the ledger, within the window."""

    events: Events
    ledger: Ledger
    window: Callable[[], Window]

    def changed(self, watch: Watch, master: Change) -> tuple[Change, ...]:
        """Return a change for each occurrence whose state the partner does not have, and for each that vanished."""
        window = self.window()
        entries = {entry.event_id: entry for entry in self.ledger.of_series(watch.id, master.event_id)}
        changed = []
        for occurrence in self.events.instances(watch.mailbox, master.event_id, window.start, window.end):
            entry = entries.pop(payload.event_id_of(occurrence), None)
            if entry is None or entry.delivered_state != payload.etag_of(occurrence):
                changed.append(Change(watch.id, master.user_id, payload.event_id_of(occurrence)))
        vanished = [entry for entry in entries.values() if window.overlaps(entry.start, entry.end)]
        return (*changed, *(_gone(master, entry) for entry in vanished))

    def first_of(self, mailbox: str, master: dict[str, Any]) -> dict[str, Any] | None:
        """Return the first occurrence of a series in the window; None if it has none, or is gone meanwhile."""
        window = self.window()
        try:
            return next(self.events.instances(mailbox, payload.event_id_of(master), window.start, window.end), None)
        except GraphNotFound as error:
            if error.code == GONE:
                return None
            raise

    def all_gone(self, watch: Watch, master: Change) -> tuple[Change, ...]:
        """Return a change for each occurrence that the partner knows of a series that is gone."""
        return tuple(_gone(master, entry) for entry in self.ledger.of_series(watch.id, master.event_id))


def _gone(master: Change, entry: Entry) -> Change:
    return Change(master.watch_id, master.user_id, entry.event_id, deleted=True)
