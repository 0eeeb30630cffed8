"""The sources of a watch: the partner, room lists that contain the mailbox, and features that follow its calendar.

A watch without a source is removed.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.features import BY_NAME
from shared.storage.watches import Watch, Watches, watch_id_of
from shared.watches.quota import WatchQuota

PARTNER = "partner"  # another source is the name of a feature, or the id of a room list


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
        partner = [PARTNER] if watch.by_partner else []
        return frozenset((*watch.room_lists.split(), *watch.features.split(), *partner))

    def others(self, watch: Watch) -> frozenset[str]:
        """Return the sources of a watch that are no room lists."""
        return self.held_by(watch) - set(watch.room_lists.split())

    def _write(self, watch: Watch, sources: frozenset[str]) -> Watch | None:
        if sources == self.held_by(watch):
            return watch
        features = sources & BY_NAME.keys()
        room_lists = " ".join(sorted(sources - features - {PARTNER}))
        by_partner = PARTNER in sources
        return self.watches.change(
            watch, by_partner=by_partner, room_lists=room_lists, features=" ".join(sorted(features))
        )
