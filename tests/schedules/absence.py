"""How long wanted mailboxes had no living subscription: not longer than the relay takes to repair that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.storage.watches import watch_id_of
from tests.schedules.passage import QUIET_TIMER
from tests.schedules.row_rules import RowRules
from tests.simulation.subscriptions import Held

if TYPE_CHECKING:
    from tests.schedules.desires import Desires
    from tests.schedules.site import Site

MINUTE = timedelta(minutes=1)
LOOKUP_EVERY = timedelta(hours=24)  # each subscription is looked up by its id this often
RUN = timedelta(seconds=QUIET_TIMER) + 10 * MINUTE  # until the next run of the timer has ended


class Absence:
    """Counts the minutes by what ended the last subscription. Failures are appended to `broken`.

    A loss that Graph announced, or that the relay caused, is repaired by the next run of the timer, any other within a
    day and a run. The bounds count from the end of the last disturbance, and only where Graph refused nothing: a
    refused watch rests, as its row says. `is_disturbed` tells whether something untrue or broken is going on now.
    """

    def __init__(self, site: Site, desires: Desires, rows: RowRules, broken: list[str]) -> None:
        self._site, self._desires, self._rows, self._broken = site, desires, rows, broken
        self.is_disturbed: Callable[[], bool] = lambda: False
        self.disturbed_at = site.now()
        self.minutes: Counter[str] = Counter()
        self.longest: dict[str, tuple[timedelta, str]] = {}
        self._since: dict[str, tuple[datetime, str, str]] = {}  # by mailbox: when, the cause, the id
        site.graph.lost, site.graph.created = self._lost, self._created

    def disturb(self) -> None:
        """Note that something untrue or broken ends now."""
        self.disturbed_at = self._site.now()

    def _lost(self, held: Held, moment: datetime) -> None:
        others = [each for each in self._site.graph.held.of(held.mailbox) if each is not held and each.own]
        row = self._site.tables["watches"].rows.get(("watch", watch_id_of(held.mailbox)))
        is_named = row is not None and row.get("subscription_id") == held.subscription.id
        if held.own and not others:  # a notice about one that no row names says nothing about the row's own
            subscription_id = held.subscription.id if is_named else ""
            self._since.setdefault(held.mailbox, (moment, self._site.graph.cause, subscription_id))

    def _created(self, held: Held) -> None:
        since, cause, subscription_id = self._since.pop(held.mailbox, (None, "", ""))
        if since is None or self._desires.may_end(held.mailbox):
            return
        length = self._site.now() - since
        self.minutes[cause] += int(length / MINUTE)
        longest = self.longest.get(cause, (timedelta(), ""))
        self.longest[cause] = max(longest, (length, f"{held.mailbox} from {since:%m-%d %H:%M}"))
        bound = self._bound(cause, subscription_id, since)
        calm = self._site.now() - max(since, self.disturbed_at, self._worked_since())
        if calm > bound and not self._is_excused(held.mailbox):
            text = f"{held.mailbox} had no subscription for {length}, {calm} of them undisturbed ({cause})"
            self._broken.append(f"absence: {text}, until {self._site.now():%m-%d %H:%M}")

    def _worked_since(self) -> datetime:
        """Return since when the app works, after it was stopped or came to no timer."""
        site = self._site
        until = max(site.stopped_until, site.idle_until)
        return site.now() - timedelta(seconds=site.scheduler.clock.seconds - until)

    def _bound(self, cause: str, subscription_id: str, since: datetime) -> timedelta:
        answers = self._site.graph.answers.get(subscription_id, ())
        is_told = any(each.verb == "notice" and each.at >= since for each in answers)
        is_silent = cause in ("removed", "deleted: the version before") and not is_told
        return LOOKUP_EVERY + RUN if is_silent else RUN

    def _is_excused(self, mailbox: str) -> bool:
        """Return whether attempts have failed, answers are doubted, or something is wrong now."""
        rows = self._site.tables["watches"].rows
        row, brake = rows.get(("watch", watch_id_of(mailbox))), rows.get(("brake", "0" * 32))
        has_failed = row is None or bool(row.get("failing_since"))
        is_doubted = brake is not None and bool(brake.get("since"))
        return has_failed or is_doubted or self.is_disturbed() or self._desires.runs_before()
