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
from shared.delivery.posting import ClaimLost, NotSent
from shared.delivery.sync_event import EventSync, checks_calendar
from shared.errors import RelayError
from shared.graph.clock import GraphClock
from shared.graph.events import VIEW_LAG
from shared.messages import Change, ChangeMessage
from shared.moments import has_passed
from shared.partner.payload import DELETED, UnreadableEvent
from shared.partner.status_policy import needs_a_person
from shared.partner.webhook import NotDelivered
from shared.queues import ChangeQueue
from shared.storage.ledger import MOST_AT_ONCE, Ledger
from shared.storage.ledger_entry import Entry, of_watch
from shared.storage.watches import Watch
from shared.threads import MailboxWorkers

# The largest difference of two instances' clocks. A larger one is known from Graph's Date, which has whole seconds, and
# is taken into account (shared.graph.clock).
SKEW = timedelta(seconds=3)
SECOND_LOOK = 60.0  # seconds until an event that Graph did not find is read again
RETRIED_WITHIN = timedelta(days=2)  # longer than between two attempts: after it, a chain of attempts counts as lost
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
    clock: GraphClock

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
        pairs = [(change, _owned(entry, watch, change)) for change, entry in zip(changes, entries, strict=True)]
        covered = [_is_covered(change, entry, message, self.clock()) for change, entry in pairs]
        outcomes = [Outcome(COVERED, pair[0]) for pair, is_covered in zip(pairs, covered, strict=True) if is_covered]
        uncovered = [pair for pair, is_covered in zip(pairs, covered, strict=True) if not is_covered]
        claims = self.ledger.claim([entry for _, entry in uncovered])
        tried = list(zip((change for change, _ in uncovered), claims, strict=True))
        outcomes += [Outcome(BUSY, change) for change, claim in tried if claim is None]
        claimed = [(change, claim) for change, claim in tried if claim is not None]

        def work(pair: tuple[Change, Entry]) -> Outcome:
            if not may_continue():
                return Outcome(DEFERRED, *pair)  # with its entry, so that the claim is released
            return self._sync(message, watch, *pair)

        results = self.workers.run(watch.mailbox, work, claimed)
        self._queue_next(message, results)
        self.ledger.release([each.entry for each in results if each.entry is not None and each.result != FAILED])
        return outcomes + results

    def _queue_next(self, message: ChangeMessage, results: Sequence[Outcome]) -> None:
        """Queue the changes that a read just now requires: no earlier read may cover them, and they have settled."""
        following = tuple(change for outcome in results for change in outcome.following)
        second_looks = tuple(outcome.second_look for outcome in results if outcome.second_look is not None)
        now = self.clock.hint()
        found = ChangeMessage(now, following, skip_settling=True, origin=message.origin, audience="partner")
        self.changes.send(found)
        next_look = replace(message, notified_at=now, retry_token="", skip_settling=True)
        for delay, of_view in ((SECOND_LOOK, False), (VIEW_LAG, True)):
            changes = tuple(change for change in second_looks if change.deleted is of_view)
            self.changes.send(replace(next_look, changes=changes), delay)

    def _sync(self, message: ChangeMessage, watch: Watch, change: Change, entry: Entry) -> Outcome:
        began = self.clock.now()
        if entry.claimed_until is None or entry.claimed_until - self.clock.corrected(began) < WORK:
            return Outcome(BUSY, change)  # after a long wait for the mailbox's limit, the claim could expire too early
        try:
            self.access.holds.check(watch.mailbox, began)
            synced = self.event_sync.sync_event(watch, message, change, entry, began)
            if synced.news:
                self.failures.record_success()
            is_over = synced.second_look is None and not synced.stays_dead
            after = self.failures.forget_dead_letter(synced.entry) if is_over else synced.entry
        except ClaimLost as error:
            _log_failure(message, watch, change, error)
            return Outcome(FAILED, change, error=error)  # the claim ends by itself
        except NotSent as unsent:
            _log_failure(message, watch, change, unsent.error)
            failed = self._failure(change, self._marked(change, entry, unsent.entry, began), unsent.error)
            return replace(failed, claim=entry, following=unsent.following)
        except Exception as error:  # noqa: BLE001  (a failure of one change must not affect the others)
            self.access.holds.note(watch.mailbox, error, self.clock.now())
            _log_failure(message, watch, change, error)
            return replace(self._failure(change, self._marked(change, entry, entry, began), error), claim=entry)
        result = DELIVERED if synced.news else NO_NEWS
        after = replace(self._marked(change, entry, after, began), retry_token="")
        return Outcome(result, change, after, synced.following, second_look=synced.second_look)

    def _marked(self, change: Change, before: Entry, after: Entry, began: datetime) -> Entry:
        """Return the entry after an attempt with its marks: when the read began, and whether it checked the view."""
        checks = checks_calendar(change, before)
        return replace(after, read_at=self.clock.earliest(began), checked_calendar=checks)

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


def _owned(entry: Entry, watch: Watch, change: Change) -> Entry:
    """Return the entry to claim for a change of this watch.

    The series is written with the claim: an occurrence on its way is found when its series ends meanwhile.
    """
    series_id = entry.series_id or change.series_id
    return replace(of_watch(entry, watch), watch_born=watch.born, series_id=series_id)


def _is_covered(change: Change, entry: Entry, message: ChangeMessage, now: datetime) -> bool:
    """Return whether an earlier read of the event covers a change, so that the event need not be read again."""
    if message.force:  # an earlier read may have delivered nothing, because the partner had the state already
        return False
    if change.is_second_look:  # it is there because an earlier read, and one since, may have seen too early a view
        return False
    if message.yields and not message.retry_token and _is_retried(entry, now):
        return True  # otherwise each night would begin the event's attempts anew, and they would never end
    if change.deleted and not entry.checked_calendar and entry.delivered_state != DELETED:
        return False  # a plain GET also finds soft-deleted events; only a read that checked the calendar view counts
    if message.retry_token:
        return bool(entry.etag) and entry.retry_token != message.retry_token  # superseded by a newer attempt
    return entry.read_at is not None and entry.read_at - SKEW > message.notified_at


def _is_retried(entry: Entry, now: datetime) -> bool:
    """Return whether a message on the queue retries the event's delivery."""
    return bool(entry.retry_token) and entry.read_at is not None and not has_passed(RETRIED_WITHIN, entry.read_at, now)
