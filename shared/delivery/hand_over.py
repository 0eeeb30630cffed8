"""Hand the changes of notified calendars to the features that hold their watches, before the partner's half begins.

Only the stop and the allow-list come before a feature: neither the circuit breaker, nor a pause of deliveries, nor the
ledger concerns it. A feature that cannot take a change gets it again later, without the partner's half.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.errors import RelayError
from shared.messages import Change, ChangeMessage
from shared.policy.permission import Permission
from shared.ports.change_listener import ChangeListener
from shared.queues import ChangeQueue
from shared.reliability.retry_schedule import delay_after, is_exhausted
from shared.resync.catch_up import CatchUp
from shared.storage.watches import Watch, Watches

_logger = logging.getLogger("relay.hand_over")


@dataclass(frozen=True)
class HandOver:
    """Hands changes over. `listeners`: the features that are on, by name; without any, nothing is read.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    listeners: Mapping[str, ChangeListener]
    watches: Watches
    permission: Permission
    catch_up: CatchUp
    changes: ChangeQueue

    def handed(self, message: ChangeMessage) -> tuple[ChangeMessage, Counter[str]]:
        """Hand over the changes of a settled message, and return the message with those that are for the partner, and
        the number of changes that are for features alone, by result.
        """
        if not self.listeners or message.audience == "partner" or message.origin != "live":
            return message, Counter()
        results: Counter[str] = Counter()
        left: list[Change] = []
        late: list[Change] = []
        for watch_id, changes in _by_watch(message.changes).items():
            watch = self.watches.get(watch_id)
            if watch is not None and watch.features:
                late += [] if self._is_done(watch, changes, message) else changes
            if watch is not None and watch.is_features_alone:
                results["handed-over"] += len(changes)
            else:
                left += changes
        again = replace(message, changes=tuple(late), audience="features", attempt=message.attempt + 1)
        self.changes.send(again, delay_after(message.attempt))
        for_partner = () if message.audience == "features" else tuple(left)
        return replace(message, changes=for_partner, audience="partner"), results

    def _is_done(self, watch: Watch, changes: Sequence[Change], message: ChangeMessage) -> bool:
        """Return whether the features have taken the changes, or will compare the whole calendar instead."""
        is_permitted = self.permission.may(watch, watch.mailbox, "", "relay", "deliver").allowed
        if is_permitted and self._is_taken(watch, changes, message):
            return True
        if is_permitted is not False and not is_exhausted(message.attempt):
            return False
        self.catch_up.mark_resync_needed(watch)
        return True

    def _is_taken(self, watch: Watch, changes: Sequence[Change], message: ChangeMessage) -> bool:
        try:
            for name in watch.features.split():
                if name in self.listeners:
                    self.listeners[name].changed(watch, changes, message.notified_at)
        except RelayError as error:
            _logger.warning("The changes of watch %s are handed over later: %s", watch.id, error)
            return False
        return True


def _by_watch(changes: Sequence[Change]) -> dict[str, list[Change]]:
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.watch_id, []).append(change)
    return grouped
