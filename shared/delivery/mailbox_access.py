"""Decide whether the changes of a mailbox may be processed now, and note in its watch what came of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.delivery.outcome import DEFERRED, DELIVERED, FAILED, NO_NEWS, NOT_ALLOWED, Outcome
from shared.messages import Change
from shared.partner.payload import UnreadableEvent
from shared.partner.webhook import NotDelivered
from shared.policy.permission import Permission
from shared.reliability.mailbox_holds import MailboxHolds
from shared.resync.catch_up import CatchUp
from shared.storage.watches import Watch, Watches
from shared.watches.readings import Readings, is_refusal

_logger = logging.getLogger("relay.deliver")


@dataclass(frozen=True)
class MailboxAccess:
    """Knows which mailboxes may be read. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    watches: Watches
    permission: Permission
    catch_up: CatchUp
    readings: Readings
    holds: MailboxHolds
    now: Callable[[], datetime]

    def admitted(self, changes: Sequence[Change]) -> tuple[Watch | None, list[Outcome]]:
        """Return the watch of changes that may be processed, else None and their outcomes."""
        watch = self.watches.get(changes[0].watch_id)
        if watch is None or watch.delivery != "relay":
            result = "unknown-watch" if watch is None else "direct-watch"
            return None, [Outcome(result, change) for change in changes]
        if watch.is_features_alone:
            return None, [Outcome("handed-over", change) for change in changes]
        decision = self.permission.may(watch, watch.mailbox, "", "relay", "deliver")
        if decision.allowed:
            return watch, []
        if decision.allowed is None:  # a room list cannot be read: no reason to put back the other mailboxes' changes
            _logger.warning("The changes of watch %s are put back: %s", watch.id, decision.why)
            return None, untried(changes, getattr(decision.error, "retry_after", None), decision.error)
        if decision.cause == "stop":  # just now: they are parked when the message is received again
            return None, [Outcome(DEFERRED, change) for change in changes]
        self.catch_up.mark_resync_needed(watch)
        return None, [Outcome(NOT_ALLOWED, change) for change in changes]

    def wait_for(self, watch: Watch) -> float:
        """Return how many seconds Graph's Retry-After still forbids to read a mailbox."""
        return self.holds.seconds_left(watch.mailbox, self.now())

    def note(self, watch: Watch, outcomes: Sequence[Outcome], user_id: str) -> None:
        """Note whether the calendar can be read, and when it last changed. A failed delivery followed a reading."""
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        results = {outcome.result for outcome in outcomes}
        if refusal := next((error for error in errors if is_refusal(error)), None):
            self.readings.refused(watch, refusal)
        elif results & {DELIVERED, NO_NEWS} or any(isinstance(e, NotDelivered | UnreadableEvent) for e in errors):
            self.readings.succeeded(watch)
        if DELIVERED in results:
            self.watches.saw_change(watch, self.now(), user_id)


def untried(changes: Sequence[Change], wait: float | None, error: Exception | None = None) -> list[Outcome]:
    """Return the outcomes of changes whose mailbox must not be read for `wait` seconds; `error`: perhaps never."""
    return [Outcome(FAILED, change, retry_after=wait, error=error) for change in changes]
