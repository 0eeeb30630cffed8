"""The watches that the partner may see: not those that only features hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.storage.watches import Watch, Watches
from shared.unreadable_rows import Unreadable


@dataclass(frozen=True)
class PartnerWatches:
    """Reads watches for callers. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    watches: Watches

    def get(self, watch_id: str) -> Watch | None:
        """Return a watch, or None if there is none for the partner."""
        watch = self.watches.get(watch_id)
        return None if watch is None or watch.is_features_alone else watch

    def find(self, watch_id: str) -> Watch | Unreadable | None:
        """Return a watch, Unreadable for a row of which nobody can say who holds it, or None."""
        watch = self.watches.find(watch_id)
        return None if isinstance(watch, Watch) and watch.is_features_alone else watch

    def page(self, size: int, after: str) -> list[Watch]:
        """Return the next `size` watches after an id; fewer at the end."""
        found: list[Watch] = []
        for page in self._pages(size, after):
            found += [watch for watch in page if not watch.is_features_alone]
            if len(found) >= size:
                break
        return found[:size]

    def _pages(self, size: int, after: str) -> Iterator[list[Watch]]:
        while page := self.watches.page(size, after):
            yield page
            after = page[-1].id
