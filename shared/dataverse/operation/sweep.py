"""Write the names of bookings anew once DATAVERSE_TITLES was changed (row 42)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.look import ResourceState
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import Resources, StoredResource


@dataclass(frozen=True)
class NameSweep:
    """Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    resources: Resources
    pairs: Pairs
    queue: HintQueue
    now: Callable[[], datetime]

    def run(self, titles: str) -> None:
        """Queue the pairs of persons' events of each followed resource whose names were written by another value.

        That they are queued is stored last: a worker that is killed before queues them again.
        """
        for row in self._differing(titles):
            if row.titles:
                self.queue.send(Hints(hinted_at=self.now(), bookings=self._bookings(row)))
            self.resources.change(row, titles=titles)

    def waiting(self, titles: str) -> int:
        """Return how many names the next run queues, for the doctor."""
        return sum(len(self._bookings(row)) for row in self._differing(titles) if row.titles)

    def _differing(self, titles: str) -> list[StoredResource]:
        followed = (row for row in self.resources.all() if row.state == ResourceState.FOLLOWED)
        return [row for row in followed if row.titles != titles]

    def _bookings(self, row: StoredResource) -> tuple[str, ...]:
        pairs = (each for each in self.pairs.of_mailbox(row.watch_id) if isinstance(each, Pair))
        return tuple(each.booking_id for each in pairs if not each.is_from_dataverse and each.state != "ended")
