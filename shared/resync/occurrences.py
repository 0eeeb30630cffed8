"""Find the changed occurrences of a recurring series. The partner receives occurrences in the window, not the series.

Graph notifies about the series master only ("event resource type": a change to a series arrives for the master).
"List instances" expands it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import GraphNotFound
from shared.graph.events import ITEM_NOT_FOUND, Events
from shared.messages import Change
from shared.partner import payload
from shared.partner.payload import UnreadableEvent
from shared.resync.fingerprints import Fingerprints
from shared.resync.window import Window
from shared.storage.ledger import Ledger
from shared.storage.ledger_entry import Entry, belongs_to, of_watch
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
    fingerprints: Fingerprints
    window: Callable[[], Window]

    def changed(self, watch: Watch, master: Change, first: Window, first_at: datetime) -> tuple[Change, ...]:
        """Return a change for each occurrence that is new, changed or deleted compared with the ledger.

        `first` is the window at the time of the first notification, `first_at`: an occurrence that was in it is owed,
        also if it is past by now. Moving one occurrence changes the etags of all. Only what the partner can see is a
        change.
        """
        window = self.window().from_start_of(first)
        entries = {entry.event_id: entry for entry in self._of_series(watch, master)}
        changed = []
        for occurrence in self.events.instances(watch.mailbox, master.event_id, window.start, window.end):
            event_id = payload.event_id_of(occurrence)
            entry = entries.pop(event_id, None)
            if entry is None or not self._is_same(entry, occurrence):
                changed.append(Change(watch.id, master.user_id, event_id, series_id=master.event_id, first_at=first_at))
        vanished = [entry for entry in entries.values() if entry.is_open or window.overlaps(entry.start, entry.end)]
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
        return tuple(_deletion(master, entry) for entry in self._of_series(watch, master))

    def _of_series(self, watch: Watch, master: Change) -> list[Entry]:
        entries = self.ledger.of_series(watch.id, master.event_id)
        return [of_watch(entry, watch) for entry in entries if belongs_to(entry, watch)]

    def _is_same(self, entry: Entry, occurrence: dict[str, Any]) -> bool:
        """Return whether the partner has an occurrence as it is. An unreadable one is left to its own reading."""
        if entry.is_open:
            return False
        if entry.delivered_state == payload.etag_of(occurrence):
            return True
        try:
            return self.fingerprints.is_same(entry, payload.public_event(occurrence))
        except UnreadableEvent:
            return False


def _deletion(master: Change, entry: Entry) -> Change:
    return Change(master.watch_id, master.user_id, entry.event_id, deleted=True, series_id=master.event_id)
