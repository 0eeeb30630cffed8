"""Count what has no pair yet, for `plan`: bookings without an event, and events without a booking."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.look import Rules
from shared.dataverse.sides import Booking
from shared.dataverse.unpaired.listed import without_pair
from shared.errors import GraphError
from shared.graph.marked_events.events import MarkedEvents
from shared.policy.permission import Permission
from shared.storage.pairs.pair import Pair, key_of
from shared.storage.pairs.pairs import Pairs
from shared.storage.watches import watch_id_of


@dataclass(frozen=True)
class UnpairedCount:
    """Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    pairs: Pairs
    events: MarkedEvents
    permission: Permission
    now: Callable[[], datetime]

    def bookings(self, bookings: Iterable[Booking]) -> int:
        """Return how many of these bookings have no pair."""
        return sum(self.pairs.get(key_of(each.id)) is None for each in bookings)

    def events_of(self, mailbox: str, rules: Rules) -> int | None:
        """Return how many events of a mailbox would become bookings; None if its calendar cannot be read now."""
        if not rules.direction.may_write("dataverse"):
            return 0
        if self.permission.may(None, mailbox, "", "dataverse", "audit").allowed is not True:
            return None
        now, pairs = self.now(), self.pairs.of_mailbox(watch_id_of(mailbox))
        paired = {each.event_id for each in pairs if isinstance(each, Pair)}
        try:
            view = list(self.events.view(mailbox, now - rules.past, now + rules.future))
        except GraphError:
            return None
        return len(without_pair(view, paired, rules, now))
