"""Hold all writes of the feature or of one mailbox, and release what IT or the brake has held."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared import problems, telemetry
from shared.dataverse.brake import holding, releasing
from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.look import ResourceState
from shared.dataverse.record import released
from shared.errors import RequestRejected
from shared.storage.pairs.brakes import Brakes
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import Resources, StoredResource
from shared.storage.pairs.tracking import TrackingRow
from shared.storage.pairs.write_waits import WriteWaits


@dataclass(frozen=True)
class Hold:
    """Methods raise RequestRejected for an unknown mailbox, ServiceUnavailable or ConfigurationError. Idempotent."""

    tracking: TrackingRow
    resources: Resources
    brakes: Brakes
    pairs: Pairs
    waits: WriteWaits
    queue: HintQueue
    now: Callable[[], datetime]

    def hold(self, caller: str, mailbox: str = "") -> None:
        """Write nothing in a mailbox, or, without one, in any."""
        if mailbox:
            for row in self._rows(mailbox):
                self.brakes.change(row.watch_id, lambda brake: holding(brake, self.now(), "administrator"))
        else:
            self.tracking.change(lambda row: {} if row.held_since else {"held_since": self.now()})
        telemetry.audit("dataverse-hold", caller, mailbox=mailbox)

    def release(self, caller: str, mailbox: str = "") -> None:
        """Go on, and compare what was held: what changed meanwhile is carried over now, also on a busy board."""
        rows = self._rows(mailbox) if mailbox else list(self.resources.all())
        for row in rows:
            if row.watch_id:
                self.brakes.change(row.watch_id, lambda brake: releasing(brake, self.now()))
                self._release_pairs(row.watch_id)
        if not mailbox:
            self.tracking.change(lambda _: {"held_since": None})
        for row in rows:
            self.waits.end(row.id)
            if row.state == ResourceState.FOLLOWED:
                self.queue.send(Hints(hinted_at=self.now(), resource=str(uuid.UUID(row.id))))
        telemetry.audit("dataverse-release", caller, mailbox=mailbox)

    def _release_pairs(self, watch_id: str) -> None:
        held = (each for each in self.pairs.of_mailbox(watch_id) if isinstance(each, Pair) and each.state == "held")
        for pair in held:
            self.pairs.overwrite(released(pair))
            self.queue.send(Hints(hinted_at=self.now(), bookings=(pair.booking_id,)))

    def _rows(self, mailbox: str) -> list[StoredResource]:
        rows = [row for row in self.resources.all() if row.mailbox == mailbox.lower() and row.watch_id]
        if not rows:
            raise RequestRejected(problems.MAILBOX_UNKNOWN, "No resource that is followed has this mailbox.")
        return rows
