"""Process a batch: claim the ledger entries of one mailbox's changes, sync each event, and write the results.

A failure affects one change only and is returned as its outcome; the caller decides what happens to that change.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import telemetry
from shared.delivery.failures import Failures
from shared.delivery.mailbox_access import MailboxAccess, untried
from shared.delivery.outcome import BUSY, COVERED, DEFERRED, DELIVERED, FAILED, NO_NEWS, Outcome
from shared.delivery.sync_event import EventSync, start_read
from shared.errors import RelayError
from shared.messages import Change, ChangeMessage
from shared.partner.payload import DELETED, UnreadableEvent
from shared.partner.status_policy import needs_a_person
from shared.partner.webhook import NotDelivered
from shared.queues import ChangeQueue
from shared.storage.ledger import MOST_AT_ONCE, Entry, Ledger
from shared.storage.watches import Watch
from shared.threads import MailboxWorkers

SKEW = timedelta(seconds=1)  # maximum clock difference between two instances
WORK = timedelta(seconds=45)  # maximum time to read and deliver one event

_logger = logging.getLogger("relay.deliver")
MayContinue = Callable[[], bool]


@dataclass(frozen=True)
class Batches:
    """Processes batches. Methods raise RelayError when no change of the batch could be processed."""

    access: MailboxAccess
    ledger: Ledger
    changes: ChangeQueue
    event_sync: EventSync
    failures: Failures
    workers: MailboxWorkers
    now: Callable[[], datetime]

    def process_mailbox(
        self, message: ChangeMessage, changes: Sequence[Change], may_continue: MayContinue = lambda: True
    ) -> list[Outcome]:
        """Process changes of one watch; `may_continue` is checked before each, and the remaining ones are deferred."""
        watch, outcomes = self.access.admitted(changes)
        if watch is None:
            return outcomes
        for first in range(0, len(changes), MOST_AT_ONCE):
            group = changes[first : first + MOST_AT_ONCE]
            if wait := self.access.wait_for(watch):
                outcomes += untried(group, wait)
            elif may_continue():
                outcomes += self._process(message, watch, group, may_continue)
            else:
                outcomes += [Outcome(DEFERRED, change) for change in group]
        self.access.note(watch, outcomes, changes[0].user_id)
        return outcomes

    def _process(
        self, message: ChangeMessage, watch: Watch, changes: Sequence[Change], may_continue: MayContinue
    ) -> list[Outcome]:
        """Claim the entries of a group of changes, sync the events in parallel, and write the results together."""
        entries = self.ledger.read(watch.id, [change.event_id for change in changes])
        pairs = list(zip(changes, entries, strict=True))
        outcomes = [Outcome(COVERED, change) for change, entry in pairs if _is_covered(change, entry, message)]
        uncovered = [pair for pair in pairs if not _is_covered(*pair, message)]
        claims = self.ledger.claim([entry for _, entry in uncovered])
        tried = list(zip((change for change, _ in uncovered), claims, strict=True))
        outcomes += [Outcome(BUSY, change) for change, claim in tried if claim is None]
        claimed = [(change, claim) for change, claim in tried if claim is not None]

        def work(pair: tuple[Change, Entry]) -> Outcome:
            if not may_continue():
                return Outcome(DEFERRED, *pair)  # with its entry, so that the claim is released
            return self._sync(message, watch, *pair)

        results = self.workers.run(watch.mailbox, work, claimed)
        following = tuple(change for outcome in results for change in outcome.following)
        # These changes were found by a read just now: no earlier read may cover them, and they need not settle again.
        self.changes.send(ChangeMessage(self.now(), following, skip_settling=True))
        self.ledger.release([each.entry for each in results if each.entry is not None and each.result != FAILED])
        return outcomes + results

    def _sync(self, message: ChangeMessage, watch: Watch, change: Change, entry: Entry) -> Outcome:
        read_at = self.now()
        if entry.claimed_until is None or entry.claimed_until - read_at < WORK:
            return Outcome(BUSY, change)  # after a long wait for the mailbox's limit, the claim could expire too early
        try:
            self.access.holds.check(watch.mailbox, read_at)
            synced = self.event_sync.sync_event(watch, message, change, entry, read_at)
            if synced.news:
                self.failures.record_success()
            synced = replace(synced, entry=self.failures.forget_dead_letter(synced.entry))
        except Exception as error:  # noqa: BLE001  (a failure of one change must not affect the others)
            self.access.holds.note(watch.mailbox, error, self.now())
            _log_failure(message, watch, change, error)
            return replace(self._failure(change, start_read(change, entry, read_at), error), claim=entry)
        return Outcome(DELIVERED if synced.news else NO_NEWS, change, synced.entry, synced.following)

    def _failure(self, change: Change, entry: Entry, error: Exception) -> Outcome:
        retry_after = getattr(error, "retry_after", None)
        failed = Outcome(FAILED, change, entry, retry_after=retry_after, error=error)
        if not isinstance(error, NotDelivered):
            return failed
        disposition = self.failures.record_response(error.status, retry_after)
        return replace(failed, disposition=disposition, status=error.status)


def _log_failure(message: ChangeMessage, watch: Watch, change: Change, error: Exception) -> None:
    """Log why a change failed. Of an unexpected error log only the type: its text may contain anything."""
    is_expected = isinstance(error, RelayError | UnreadableEvent)
    is_alert = isinstance(error, NotDelivered) and needs_a_person(error.status)
    _logger.log(
        logging.ERROR if is_alert else logging.WARNING,
        "A change of watch %s failed (attempt %d): %s",
        watch.id,
        message.attempt + 1,
        error if is_expected else type(error).__name__,
        extra={"watch": watch.id, "event": telemetry.short(change.event_id), "attempt": message.attempt + 1},
    )


def _is_covered(change: Change, entry: Entry, message: ChangeMessage) -> bool:
    """Return whether an earlier read of the event covers a change, so that the event need not be read again."""
    if message.force:  # an earlier read may have delivered nothing, because the partner had the state already
        return False
    if change.deleted and not entry.checked_calendar and entry.delivered_state != DELETED:
        return False  # a plain GET also finds soft-deleted events; only a read that checked the calendar view counts
    if message.retry_token:
        return bool(entry.etag) and entry.retry_token != message.retry_token  # superseded by a newer attempt
    return entry.read_at is not None and entry.read_at - SKEW > message.notified_at
