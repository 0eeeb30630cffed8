"""Count removals before they are done, and hold a mailbox in which there are too many."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import telemetry
from shared.dataverse.brake import HALF, counted, holding, is_braked, with_removal
from shared.storage.pairs.brakes import Brakes, Creation, MailboxBrake, Removal
from shared.storage.pairs.pair import Pair, Side
from shared.storage.pairs.pairs import Pairs

RELEASED = timedelta(minutes=15)  # what was held is carried out meanwhile, and does not count again
_logger = logging.getLogger("relay.dataverse")


@dataclass(frozen=True)
class BrakeCheck:
    """Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    brakes: Brakes
    pairs: Pairs
    now: Callable[[], datetime]

    def holds(self, pair: Pair, side: Side) -> bool:
        """Count a removal of a pair's half, and return whether its mailbox is held now."""
        now = self.now()
        removal = Removal(pair.id, side, now, cause=pair.cause, resource=pair.resource)
        if _is_released(self.brakes.read(pair.mailbox_watch), now):
            return False
        brake = self.brakes.change(pair.mailbox_watch, lambda row: with_removal(row, removal))
        if brake.held_since is not None:
            return True
        if not self._is_too_much(brake, side, now):
            return False
        self.brakes.change(pair.mailbox_watch, lambda _: holding(now, "brake"))
        _logger.error("Too many removals in the mailbox of watch %s: held until it is released", pair.mailbox_watch)
        telemetry.count("dataverse_brake", side=side)
        return True

    def _is_too_much(self, brake: MailboxBrake, side: Side, now: datetime) -> bool:
        removals = brake.removals()
        if len(counted(removals, (), side, now)) < HALF[0]:
            return False
        ids = counted(removals, self._moves(removals, now), side, now)
        alive = {
            each.id for each in self.pairs.of_mailbox(brake.id) if isinstance(each, Pair) and each.state != "ended"
        }
        return is_braked(len(ids), len(alive | ids))

    def _moves(self, removals: list[Removal], now: datetime) -> list[Creation]:
        """Return the bookings that stand in place of the removed ones, of the same work order or requirement."""
        gone = {each.pair_id for each in removals}
        found: dict[str, Creation] = {}
        for cause in {each.cause for each in removals if each.cause}:
            for pair in self.pairs.of_cause(cause):
                if isinstance(pair, Pair) and pair.id not in gone and pair.state in ("making", "paired"):
                    found[pair.id] = Creation(pair.id, now, cause, pair.resource)
        return list(found.values())


def _is_released(brake: MailboxBrake, now: datetime) -> bool:
    """Return whether IT has just released a mailbox. One that is held again since is not."""
    released = brake.released_at
    return brake.held_since is None and released is not None and timedelta(0) <= now - released < RELEASED
