"""The sources of a watch: the partner, and room lists that contain the mailbox. A watch without a source is removed."""

from __future__ import annotations

from dataclasses import dataclass

from shared.storage.watches import Watch, Watches, watch_id_of
from shared.watches.quota import WatchQuota

PARTNER = "partner"  # every other source is the id of a room list


@dataclass(frozen=True)
class WatchSources:
    """Records sources in the watches' rows. Methods raise ServiceUnavailable or ConfigurationError if storage fails."""

    watches: Watches
    quota: WatchQuota

    def add(self, watch: Watch) -> Watch | None:
        """Store a new watch with its sources; return None if the mailbox already has a watch.

        Raises RequestRejected 409 when the limit on watches is reached.
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
        """Add a source to a watch; return None if the row was changed concurrently."""
        return self._write(watch, self.held_by(watch) | {source})

    def release(self, source: str, watch: Watch) -> Watch | None:
        """Remove a source from a watch; return None if the row was changed concurrently."""
        return self._write(watch, self.held_by(watch) - {source})

    def held_by(self, watch: Watch) -> frozenset[str]:
        """Return the sources of a watch."""
        return frozenset((*watch.room_lists.split(), *([PARTNER] if watch.by_partner else [])))

    def _write(self, watch: Watch, sources: frozenset[str]) -> Watch | None:
        if sources == self.held_by(watch):
            return watch
        room_lists = " ".join(sorted(sources - {PARTNER}))
        return self.watches.change(watch, by_partner=PARTNER in sources, room_lists=room_lists)
