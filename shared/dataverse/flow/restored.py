"""Notice that the environment was restored from a backup: its version numbers are lower than before.

Dataverse: "Back up and restore environments". Bookings that were made since the backup are gone then, all at once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared import telemetry
from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.look import ResourceState
from shared.storage.pairs.brakes import Brakes
from shared.storage.pairs.resources import Resources
from shared.storage.pairs.tracking import Tracking

_logger = logging.getLogger("relay.dataverse")


@dataclass(frozen=True)
class RestoredEnvironment:
    """Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    resources: Resources
    brakes: Brakes
    queue: HintQueue
    now: Callable[[], datetime]

    def is_noticed(self, row: Tracking, highest: int, *, is_first: bool) -> bool:
        """Return whether a walk's highest versionnumber is lower than the last one; then everything is compared.

        `highest`: 0 if the walk had no row; `is_first`: it was one over all rows. The same happens once if the booking
        that was changed last was deleted and all rows are read anew: a comparison does no harm.
        """
        if highest >= version_of(row.highest_version) or not (highest or is_first):
            return False
        _logger.error("Dataverse was restored from a backup: everything is compared, and no release of before counts")
        telemetry.count("dataverse_restored")
        for resource in self.resources.all():
            if resource.watch_id:
                self.brakes.change(resource.watch_id, lambda brake: {"opened_at": None} if brake.opened_at else {})
            if resource.state == ResourceState.FOLLOWED:
                self.queue.send(Hints(hinted_at=self.now(), resource=str(uuid.UUID(resource.id))))
        return True


def version_of(value: object) -> int:
    """Return a versionnumber, 0 if there is none."""
    text = str(value)
    return int(text) if text.isdecimal() else 0
