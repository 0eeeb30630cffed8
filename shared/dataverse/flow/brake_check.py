"""Count removals before they are done, and hold a mailbox in which there are too many."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from shared import telemetry
from shared.dataverse.brake import (
    ALWAYS,
    BY_BRAKE,
    CREATIONS,
    HALF,
    counted,
    holding,
    is_braked,
    is_creation_braked,
    is_recent,
    with_creation,
    with_removal,
)
from shared.dataverse.flow.removals import RemovalReader
from shared.dataverse.look import Rules
from shared.dataverse.writes.event_removals import EventRemovals
from shared.moments import is_impossible
from shared.storage.pairs.brakes import Brakes, Creation, MailboxBrake, Removal
from shared.storage.pairs.pair import Pair, Side
from shared.storage.pairs.pairs import Pairs

IN_STEP = ("making", "paired")
RELEASED = timedelta(minutes=15)  # what was held is carried out meanwhile, and does not count again
_logger = logging.getLogger("relay.dataverse")


@dataclass(frozen=True)
class BrakeCheck:
    """Methods raise ServiceUnavailable or ConfigurationError when storage fails, DynamicsError when Dataverse does."""

    brakes: Brakes
    pairs: Pairs
    bookings: RemovalReader
    events: EventRemovals
    now: Callable[[], datetime]

    def holds(self, pair: Pair, side: Side, rules: Rules, hinted_at: datetime) -> bool:
        """Count a removal of a pair's half, and return whether its mailbox is held now.

        What was hinted soon after a release is carried out, however long its hint waited. `side`: the one that is
        written: bookings are canceled because their events were removed, and the other way round.
        """
        now = self.now()
        removal = Removal(pair.id, side, now, cause=pair.cause, resource=pair.resource)
        if _is_released(self.brakes.read(pair.mailbox_watch), hinted_at, now):
            return False
        brake = self.brakes.change(pair.mailbox_watch, lambda row: with_removal(row, removal))
        if brake.held_since is not None:
            return True
        if not self._is_too_much(brake, pair, side, rules, now):
            return False
        self._hold(pair, "removals", side)
        return True

    def holds_creation(self, pair: Pair, rules: Rules, hinted_at: datetime) -> bool:
        """Count a booking that is made for an old event, and return whether its mailbox is held now.

        What was hinted soon after the release of what the brake had held was counted by an administrator.
        """
        now = self.now()
        if _is_released(self.brakes.read(pair.mailbox_watch), hinted_at, now):
            return False
        creation = Creation(pair.id, now, resource=pair.resource, of_old=True)
        brake = self.brakes.change(pair.mailbox_watch, lambda row: with_creation(row, creation))
        if brake.held_since is not None:
            return True
        number = len({each.pair_id for each in brake.creations() if each.of_old and is_recent(each.at, now)})
        if number < CREATIONS or not is_creation_braked(number, self.events.in_rule(pair.mailbox_watch, rules, now)):
            return False
        self._hold(pair, "bookings for old events", "dataverse")
        return True

    def _hold(self, pair: Pair, what: str, side: Side) -> None:
        """Hold a mailbox. Of several workers that find too much at once, the one that held it says so."""
        before: list[MailboxBrake] = []

        def unless_held(brake: MailboxBrake) -> dict[str, Any]:
            before.append(brake)
            return holding(brake, self.now(), BY_BRAKE)

        self.brakes.change(pair.mailbox_watch, unless_held)
        if before[-1].held_since is not None:
            return
        _logger.error("Too many %s in the mailbox of watch %s: held until it is released", what, pair.mailbox_watch)
        telemetry.count("dataverse_brake", side=side)

    def _is_too_much(self, brake: MailboxBrake, pair: Pair, side: Side, rules: Rules, now: datetime) -> bool:
        """Return whether the removals of the last hour, and those that the other side asks for now, hold the mailbox.

        A booking that replaces another one makes a removal of an event a move; nobody moves a booking by a deletion.
        What was planned is neither among these nor among the mailbox's pairs.
        """
        planned = {each.pair_id for each in brake.removals() if each.was_planned}
        alive = {
            each.id: each for each in self.pairs.of_mailbox(brake.id)
            if isinstance(each, Pair) and each.state != "ended" and each.id not in planned
        }  # fmt: skip
        recorded = [each for each in brake.removals() if each.pair_id not in planned]
        number = len({each.pair_id for each in recorded} | alive.keys())
        if number < HALF[0]:
            return False
        removals = [*recorded, *self._ahead(recorded, alive, pair, side, rules, now)]
        if not is_braked(len(counted(removals, (), side, now)), number):
            return False
        return side == "dataverse" or is_braked(len(counted(removals, self.bookings.new(now), side, now)), number)

    def _ahead(
        self, recorded: list[Removal], alive: dict[str, Pair], pair: Pair, side: Side, rules: Rules, now: datetime
    ) -> list[Removal]:
        """Return removals of other pairs that are not decided yet; none if there are too few to hold the mailbox."""
        done = counted(recorded, (), side, now)
        others = [each for each in alive.values() if each.id not in done | {pair.id} and each.state in IN_STEP]
        is_of_bookings = side == "outlook"
        missing = self.bookings.missing(others) if is_of_bookings else self.events.missing(others, rules)
        if not is_braked(len(done) + len(missing), len(done | alive.keys())):
            return []
        proven = self.bookings.over(missing) if is_of_bookings else self.events.over(missing, rules)
        over = islice(proven, ALWAYS)
        return [Removal(each.id, side, now, cause=each.cause, resource=each.resource) for each in over]


def _is_released(brake: MailboxBrake, hinted_at: datetime, now: datetime) -> bool:
    """Return whether a hint is covered by the release of what the brake has held. Held again, it is not released."""
    released = brake.opened_at
    if brake.held_since is not None or released is None or is_impossible(released, now):
        return False
    return hinted_at - released < RELEASED
