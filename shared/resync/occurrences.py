"""Find the changed occurrences of a recurring series. The partner receives occurrences in the window, not the series.

Graph notifies about the series master only ("event resource type": a change to a series arrives for the master).
"List instances" expands it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.errors import GraphNotFound
from shared.graph.events import ITEM_NOT_FOUND, Events
from shared.messages import Change
from shared.partner import payload
from shared.resync.window import Window
from shared.storage.ledger import Entry, Ledger
from shared.storage.watches import Watch

_MASTER = "series "


def master_state(etag: str) -> str:
    """Return the text that the ledger stores for a series master in place of a delivered state."""
    return _MASTER + etag


def is_master(entry: Entry) -> bool:
    """Return whether an entry belongs to a series master."""
    return entry.delivered_state.startswith(_MASTER)


@dataclass(frozen=True)
class Occurrences:
    """Compares a series with the ledger, within the window."""

    events: Events
    ledger: Ledger
    window: Callable[[], Window]

    def changed(self, watch: Watch, master: Change) -> tuple[Change, ...]:
        """Return a change for each occurrence that is new, changed or deleted compared with the ledger."""
        window = self.window()
        entries = {entry.event_id: entry for entry in self.ledger.of_series(watch.id, master.event_id)}
        changed = []
        for occurrence in self.events.instances(watch.mailbox, master.event_id, window.start, window.end):
            entry = entries.pop(payload.event_id_of(occurrence), None)
            if entry is None or entry.delivered_state != payload.etag_of(occurrence):
                changed.append(Change(watch.id, master.user_id, payload.event_id_of(occurrence)))
        vanished = [entry for entry in entries.values() if window.overlaps(entry.start, entry.end)]
        return (*changed, *(_deletion(master, entry) for entry in vanished))

    def first_of(self, mailbox: str, master: dict[str, Any]) -> dict[str, Any] | None:
        """Return the first occurrence of a series in the window; None if there is none or the series was deleted."""
        window = self.window()
        try:
            return next(self.events.instances(mailbox, payload.event_id_of(master), window.start, window.end), None)
        except GraphNotFound as error:
            if error.code == ITEM_NOT_FOUND:
                return None
            raise

    def all_gone(self, watch: Watch, master: Change) -> tuple[Change, ...]:
        """Return a deletion for each occurrence in the ledger of a series that was deleted."""
        return tuple(_deletion(master, entry) for entry in self.ledger.of_series(watch.id, master.event_id))


def _deletion(master: Change, entry: Entry) -> Change:
    return Change(master.watch_id, master.user_id, entry.event_id, deleted=True)
