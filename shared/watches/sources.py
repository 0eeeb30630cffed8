"""Who wants a mailbox watched: the partner by name, and the room lists that it belongs to. A watch lives while one
does.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.storage.watches import Watch, Watches, watch_id_of
from shared.watches.quota import WatchQuota

PARTNER = "partner"  # every other source is the id of a room list


@dataclass(frozen=True)
class WatchSources:
    """Notes sources in the watches' rows. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    watches: Watches
    quota: WatchQuota

    def add(self, watch: Watch) -> Watch | None:
        """Store a new watch with its sources; None when its mailbox has one already.

        Raises RequestRejected 409 when there are as many watches as there may be.
        """
        if not self.quota.reserve():
            if self.watches.get(watch_id_of(watch.mailbox)) is None:
                raise self.quota.rejection()
            return None
        stored = self.watches.insert(watch)
        if stored is None:
            self.quota.release()
        return stored

    def hold(self, source: str, watch: Watch) -> Watch | None:
        """Note that a source wants a watch; None when somebody changed the row meanwhile."""
        return self._write(watch, self.held_by(watch) | {source})

    def release(self, source: str, watch: Watch) -> Watch | None:
        """Note that a source wants a watch no more; None when somebody changed the row meanwhile."""
        return self._write(watch, self.held_by(watch) - {source})

    def held_by(self, watch: Watch) -> frozenset[str]:
        """Return the sources that want a watch."""
        return frozenset((*watch.room_lists.split(), *([PARTNER] if watch.by_partner else [])))

    def _write(self, watch: Watch, sources: frozenset[str]) -> Watch | None:
        if sources == self.held_by(watch):
            return watch
        room_lists = " ".join(sorted(sources - {PARTNER}))
        return self.watches.change(watch, by_partner=PARTNER in sources, room_lists=room_lists)
