"""Forty faults to plant into a copy of the product, by which it is tried whether random deliveries find faults.

Each is a small patch of one module. The kinds: what may have been sent is forgotten, a series or a time is not kept, an
absence or another's row is taken for a proof, a clock is believed, a check or an etag is left out, two writes are in
the other order, an attempt has no end.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.schedules.plants import Plant

DRAWN = 14
# ruff: noqa: E501  (a patch is shown as it is in the module)
D, R, L, S, P = "shared/delivery/", "shared/resync/", "shared/reliability/", "shared/storage/", "shared/partner/"
PLANTS = (
    Plant("a failed attempt leaves nothing open", D + "posting.py",
          "            raise NotSent(_attempted(open_entry, news, message_id, moment, began, error.status), error) from error\n",
          "            raise NotSent(entry, error) from error\n"),
    Plant("an expired claim leaves nothing open", S + "ledger_entry.py",
          "page=page, tried=entry.tried or UNKNOWN, sent_as=sent_as", "page=page, sent_as=sent_as"),
    Plant("a deletion is sent without an intent", R + "partner_state.py",
          "(kind == DELETED or bool(entry.tried))", "bool(entry.tried)"),
    Plant("a second open state is sent without an intent", R + "partner_state.py",
          "(kind == DELETED or bool(entry.tried))", "kind == DELETED"),
    Plant("the same state after an open one is no news", R + "partner_state.py",
          "return bool(entry.tried) or not (", "return not ("),
    Plant("what is open is not updated outside the window", D + "sync_event.py",
          "if not is_inside and not partner_may_have(entry):", "if not is_inside and not partner_has(entry):"),
    Plant("what is open becomes a series without a deletion", D + "sync_event.py",
          "entry, news = task.entry, partner_may_have(task.entry)", "entry, news = task.entry, partner_has(task.entry)"),
    Plant("what is open is gone without a deletion", D + "sync_event.py",
          "        if not partner_may_have(entry):\n", "        if not partner_has(entry):\n"),
    Plant("what is open and not in the view is not missed", R + "resync.py",
          "return entry.is_open or (is_inside and partner_has(entry))", "return is_inside and partner_has(entry)"),
    Plant("a state that returns after an open one has the same id", R + "partner_state.py",
          "    if is_first or (entry.tried", "    if True or (entry.tried"),
    Plant("a deletion is not counted", D + "sync_event.py",
          "deletions=sent.deletions + 1", "deletions=sent.deletions"),
    Plant("a resync begins the attempts anew", D + "batch.py",
          "if message.yields and not message.retry_token and _is_retried(entry, now):", "if False:"),
    Plant("a resync queues dead letters", R + "resync.py",
          'result not in ("same", "dead")', 'result != "same"'),
    Plant("a resync queues dead letters that have left the window", R + "resync.py",
          "return is_inside and partner_may_have(entry) and not tried_state(entry).startswith(DELETED)",
          "return partner_may_have(entry)"),
    Plant("the attempts have no end", D + "failures.py",
          "is_last = outcome.disposition != Disposition.DISABLE and is_exhausted(message.attempt)", "is_last = False"),
    Plant("a change that was parked forgets when it was notified", L + "parking.py",
          "first_at = parked.first_at or parked.at", "first_at = None"),
    Plant("entries are dropped while changes are parked", R + "resync.py",
          "keeps_all = self.parking.may_hold_changes()", "keeps_all = False"),
    Plant("a dead letter of the host has no mark", D + "poison.py",
          "                self.ledger.mark_dead_lettered(change.watch_id, change.event_id)\n", ""),
    Plant("the window is that of the attempt", D + "sync_event.py",
          "        window = window_of(self.settings, task.first_at)", "        window = window_of(self.settings, task.read_at)"),
    Plant("a series is expanded in the present window", R + "occurrences.py",
          "window = self.window().from_start_of(first)", "window = self.window()"),
    Plant("an update that is parked replaces a deletion", S + "parked.py",
          "deleted=before.deleted or after.deleted", "deleted=after.deleted"),
    Plant("the webhook-id is without the incarnation", P + "payload.py",
          "parts = (watch_id, event_id, state, born) if born else", "parts = (watch_id, event_id, state, born) if False else"),
    Plant("the row of a removed watch is trusted", S + "ledger_entry.py",
          "    if entry.watch_born == watch.born:\n        return entry\n", "    if True:\n        return entry\n"),
    Plant("nothing is swept", "shared/resync/ledger_sweep.py",
          "if cursor not in known and self._is_over(cursor):", "if False:"),
    Plant("a removed watch leaves no tombstone", "shared/subscriptions/endings.py",
          "        self.removal.tombstones.write_watch(watch.id, self.now())\n", ""),
    Plant("the series is not in the claim", D + "batch.py",
          "series_id = entry.series_id or change.series_id", "series_id = entry.series_id"),
    Plant("occurrences of what is single by now are not looked up", D + "sync_event.py",
          "return occurrences.is_master(entry) or is_new", "return occurrences.is_master(entry)"),
    Plant("occurrences on their way are not of the series", S + "ledger.py",
          'if entry.tried or entry.delivered_state != "deleted"', 'if entry.delivered_state not in ("", "deleted")'),
    Plant("one 404 is believed", D + "sync_event.py",
          "if not change.deleted and not change.is_second_look:", "if False:"),
    Plant("what was never tried is deleted", D + "sync_event.py",
          "        if not partner_may_have(entry):\n", "        if False:\n"),
    Plant("the fingerprint is not compared", D + "sync_event.py",
          "is_same = self.fingerprints.is_same(entry, public)", "is_same = False"),
    Plant("the first fingerprint stays", D + "sync_event.py",
          "fingerprint = self.fingerprints.fingerprint(public)", "fingerprint = entry.fingerprint or self.fingerprints.fingerprint(public)"),
    Plant("a timestamp may go back", R + "partner_state.py",
          "return whole if entry.sent_as is None else max(", "return whole if True else max("),
    Plant("a read covers by the local clock", "shared/graph/clock.py",
          "return moment - (LARGEST_SKEW if skew is None else max(-skew, timedelta()))", "return moment"),
    Plant("a read covers what came shortly after it", D + "batch.py",
          "entry.read_at - SKEW > message.notified_at", "entry.read_at + SKEW > message.notified_at"),
    Plant("the claim ends before what follows is queued", D + "batch.py",
          "        self._queue_next(message, results)\n        self.ledger.release([each.entry for each in results if each.entry is not None and each.result != FAILED])\n",
          "        self.ledger.release([each.entry for each in results if each.entry is not None and each.result != FAILED])\n        self._queue_next(message, results)\n"),
    Plant("parked rows are deleted before they are queued", L + "parking.py",
          "        for (force, attempt), changes in groups.items():\n",
          "        self.parked.drop(kind, parked)\n        for (force, attempt), changes in groups.items():\n"),
    Plant("a claim does not end", S + "ledger.py",
          "return entry.claimed_until is not None and now < entry.claimed_until <= now + CLAIM + LARGEST_SKEW",
          "return entry.claimed_until is not None"),
    Plant("an entry is written without a comparison of the etag", S + "ledger.py",
          '{**_if_unchanged(entry), "mode": UpdateMode.REPLACE}', '{"mode": UpdateMode.REPLACE}'),
    Plant("a probe covers the change that stays parked", D + "failures.py",
          "restored = replace(outcome.entry, read_at=before.read_at, checked_calendar=before.checked_calendar)",
          "restored = outcome.entry"),
)  # fmt: skip


def drawn(seed: int, number: int = DRAWN) -> Sequence[Plant]:
    """Return the plants of a seed."""
    return random.Random(seed).sample(PLANTS, number)
