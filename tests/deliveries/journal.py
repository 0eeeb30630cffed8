"""What must hold for each attempt to deliver: identity, order, news, and no deletion of what was never tried.

Judged are attempts of the present version; what the version before tried is remembered.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.storage.watches import watch_id_of
from tests.deliveries.partner import Attempt
from tests.schedules.process import BEFORE
from tests.support.table import Row

if TYPE_CHECKING:
    from tests.deliveries.site import DeliverySite

Key = tuple[str, str]
LONGEST_CHAIN = timedelta(days=8)  # a little more than the retry schedule
AT_ONCE = timedelta(hours=1)  # in which a notification and its first attempt lie


class Journal:
    """Checks each attempt. Failures are in `broken`, each with the letter of its rule.

    `forced`: events that somebody wanted again, until they are delivered. `is_calm`: no process is killed, and no
    answer lost.
    """

    def __init__(self, site: DeliverySite, *, is_calm: bool) -> None:
        self._site, self._is_calm = site, is_calm
        self.broken: list[str] = []
        self.kinds: Counter[str] = Counter()
        self.forced: set[Key] = set()
        self.unclear: set[Key] = set()  # the version before does not know whether the partner has them
        self.restarted_at = site.now()  # when somebody last wanted changes to be tried again
        self._ids: dict[str, Attempt] = {}
        self._last: dict[Key, Attempt] = {}
        self._acknowledged: set[str] = set()
        self._unsure: set[Key] = set()  # events whose last attempt before the present one had no success
        self._taken: dict[Key, Attempt] = {}
        self._intended: set[Key] = set()  # the ledger's state was written, or lost, since the last attempt
        self._shown: set[tuple[str, str, int]] = set()  # mailbox, event, life: the ledger says that it was tried
        site.receiver.starting, site.receiver.ended = self._starts, self._ended
        site.tables["ledger"].changed = self._row_changed

    def remember(self) -> None:
        """Note the attempts of the version before whose end it does not know."""
        for attempt in self._site.receiver.attempts:
            if attempt.version == BEFORE and not attempt.is_certain:
                self.unclear.add(_key(attempt))

    def _row_changed(self, key: Key, before: Row | None, after: Row | None) -> None:
        if before is not None and self._site.acting_version() == BEFORE:
            self._note_loss((self._site.mailbox_of(key[0]), str(before["event_id"])), before, after)
        if after is not None:
            self._note_intent(
                str(after.get("tried") or ""), (self._site.mailbox_of(key[0]), str(after.get("event_id")))
            )
        state = str(after.get("told") or "") if after is not None else ""
        is_shown = bool(state) and state != "deleted" and not state.startswith("series ")
        if after is not None and (after.get("tried") or is_shown):
            watch, event = key[0], str(after.get("event_id"))
            self._shown.add((watch, event, self._site.seen_life(watch)))

    def _note_loss(self, key: Key, before: Row, after: Row | None) -> None:
        """Note what the version before takes out of a row: it does not know what the present one tried."""
        if after is None:
            self.unclear.add(key)  # perhaps while its change was parked
        if before.get("tried") and (after is None or not after.get("tried")):
            self._intended.add(key)

    def _note_intent(self, tried: str, key: Key) -> None:
        """Note a state that may be sent: a worker that is killed then cannot say whether it was."""
        last = self._last.get(key)
        if last is None or tried[:1] in ("", "?"):
            return
        is_deletion = tried.startswith("deleted")
        if is_deletion != last.is_deletion or not (is_deletion or (last.etag or "") in tried):
            self._intended.add(key)

    def _starts(self, attempt: Attempt) -> None:
        key = _key(attempt)
        self.kinds[attempt.kind.rpartition(".")[2]] += 1
        if attempt.version == BEFORE and attempt.life:
            self.unclear.add(key)  # with an id of the watch before
        if attempt.version != BEFORE:
            self._check_id(attempt)
            self._check_same(attempt, self._last.get(key))
            self._check_deletion(attempt)
            self._check_end(attempt)
        self._intended.discard(key)
        last = self._last.get(key)
        if last is not None and not (last.is_certain and last.answer == 200):
            self._unsure.add(key)  # the relay may tell again what the partner has
        elif last is not None and last.taken:
            self._unsure.discard(key)
        if last is not None and last.is_certain and last.answer == 200:
            self._acknowledged.add(last.webhook_id)
        self._ids.setdefault(attempt.webhook_id, attempt)
        self._last[key] = attempt

    def _check_id(self, attempt: Attempt) -> None:
        first = self._ids.get(attempt.webhook_id)
        if first is None:
            return
        if first.life != attempt.life:
            is_judged = watch_id_of(attempt.mailbox) not in self._site.born_before
            if is_judged:
                self._fail("d", "an id of a removed watch is used again", attempt)
        elif first.data != attempt.data:
            self._fail("d", "two states share an id", attempt)

    def _check_same(self, attempt: Attempt, last: Attempt | None) -> None:
        if last is None or last.life != attempt.life or self._has_mixed(attempt, last):
            return
        is_known = last.is_certain and last.answer == 200
        is_same = (last.data, last.is_deletion, last.etag) == (attempt.data, attempt.is_deletion, attempt.etag)
        is_judged = is_same and not is_known and _key(attempt) not in self._intended
        if is_judged and last.webhook_id != attempt.webhook_id:
            self._fail("d", "the same state has two ids", attempt)

    def _has_mixed(self, attempt: Attempt, last: Attempt) -> bool:
        """Return whether another version made the last attempt, of a watch that it does not identify in the same way,
        or of a state that the partner had.
        """
        is_born = watch_id_of(attempt.mailbox) in self._site.born_now
        return attempt.version != last.version and (is_born or last.webhook_id in self._acknowledged)

    def _check_deletion(self, attempt: Attempt) -> None:
        watch, event_id = watch_id_of(attempt.mailbox), attempt.event_id
        if attempt.is_deletion and (watch, event_id, attempt.life) not in self._shown:
            self._fail("g", "deleted, although it was never tried", attempt)

    def _check_end(self, attempt: Attempt) -> None:
        """A state is not tried for longer than the schedule of retries, unless something new wants it."""
        first, item = self._ids.get(attempt.webhook_id), attempt.event_id.partition(".")[0]
        if first is None or attempt.at - first.at < LONGEST_CHAIN:
            return
        hinted_at, _ = self._site.hinted.get((attempt.mailbox, item), (first.at, 0))
        if max(hinted_at, self.restarted_at) < first.at + AT_ONCE:
            self._fail("c", "the attempts of a state have no end", attempt)

    def _ended(self, attempt: Attempt, before: Any) -> None:
        key, last = _key(attempt), self._taken.get(_key(attempt))
        is_forced = key in self.forced or key in self._unsure
        self.forced.discard(key)
        if attempt.version == BEFORE or attempt.is_repetition:
            return self._remember_taken(key, attempt)
        if last is not None and last.read_at and attempt.read_at and last.data != attempt.data:
            self._check_order(attempt, last)
        is_first = last is None or last.life != attempt.life
        # The rows of the version before say less: neither what was tried, nor what the partner sees.
        is_first = is_first or attempt.event_id.partition(".")[0] in self._site.read_before
        after = None if attempt.is_deletion else attempt.data["event"]
        if self._is_calm and after == before and not is_first and not is_forced:
            self._fail("f", f"no news, {attempt.kind.rpartition('.')[2]}", attempt)
        return self._remember_taken(key, attempt)

    def _check_order(self, attempt: Attempt, last: Attempt) -> None:
        if attempt.read_at is None or last.read_at is None:
            return
        if attempt.read_at > last.read_at and attempt.is_outdated:
            back = last.timestamp - attempt.timestamp
            self._fail("e", f"the timestamp goes back, and the newer state is dropped ({back})", attempt)
        if attempt.read_at < last.read_at and not attempt.is_outdated:
            self._fail("e", "an older state replaces a newer one", attempt)

    def _remember_taken(self, key: Key, attempt: Attempt) -> None:
        if not attempt.is_outdated and not attempt.is_repetition:
            self._taken[key] = attempt

    def _fail(self, letter: str, text: str, attempt: Attempt) -> None:
        at = f"{self._site.now():%m-%d %H:%M:%S}"
        self.broken.append(f"({letter}) {text}: {attempt}, {attempt.etag}, at {at}")


def _key(attempt: Attempt) -> Key:
    return attempt.mailbox, attempt.event_id
