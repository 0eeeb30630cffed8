"""Bring Graph's subscriptions in step with the watches: plan every difference and remove it, within a time budget."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.delivery.recovery import Recovery
from shared.errors import GraphUnavailable, RelayError
from shared.graph import client_state
from shared.graph.client_state import Key
from shared.policy.allow_list import AllowList
from shared.resync.catch_up import CatchUp
from shared.storage.watches import Watch, Watches
from shared.subscriptions.plan import DesiredState, Step, plan
from shared.subscriptions.room_lists import RoomListService
from shared.subscriptions.service import SubscriptionService
from shared.threads import side_by_side

if TYPE_CHECKING:
    from shared.config import Settings

BUDGET = timedelta(minutes=4)  # well within the host's functionTimeout; what is left goes on at the next run
AT_ONCE = 32  # a creation takes a second or two, and 24 in a second may be written
GIVE_UP = 20  # failures in a row without an answer: Graph is down, and calling on helps nobody
TRIES = 3  # of a step that Graph throttles or does not answer, within a run
REPORT_EVERY = timedelta(seconds=5)

_RESULTS = {"create": "created", "replace": "replaced", "renew": "renewed", "pause": "paused", "sync_expiry": "noted"}
_logger = logging.getLogger("relay.reconcile")


@dataclass
class _Run:
    """The steps that are left, and the results of the others; shared by the workers."""

    now: Callable[[], datetime]
    stop: datetime
    left: deque[tuple[Step, int]]
    total: int
    reported: datetime
    results: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> tuple[Step, int] | None:
        """Return the most urgent step that is left, and how often it was tried; None at the end of the run."""
        with self.lock:
            over = self.now() >= self.stop or self.unanswered >= GIVE_UP
            return None if over or not self.left else self.left.popleft()

    def may_try_again(self, step: Step, tries: int, error: GraphUnavailable) -> bool:
        """Put a step back: throttled steps go to the front (the limiter waits); others to the back."""
        with self.lock:
            if error.status == 429:
                self.left.appendleft((step, tries + 1))
                return True
            self.unanswered += 1
            if self.unanswered < GIVE_UP:
                self.left.append((step, tries + 1))
            return self.unanswered < GIVE_UP

    def record(self, result: str) -> None:
        """Count a result, and tell the log from time to time how far it is."""
        with self.lock:
            self.results[result] += 1
            self.unanswered = self.unanswered + 1 if result == "unanswered" else 0
            done, now = self.results.total(), self.now()
            if now - self.reported < REPORT_EVERY and done < self.total:
                return
            self.reported = now
        _logger.info("Subscriptions: %d of %d steps done (%s)", done, self.total, _summary(self.results))


@dataclass(frozen=True)
class Reconciler:
    """Makes the actual state, Graph's subscriptions, follow the desired one, the watches."""

    settings: Settings
    subscription_service: SubscriptionService
    watches: Watches
    client_state_keys: Callable[[], list[Key]]
    allow_list: AllowList
    room_list_service: RoomListService
    catch_up: CatchUp
    recovery: Recovery
    now: Callable[[], datetime]

    def reconcile(self) -> Counter[str]:
        """Remove every difference; returns how many steps came to which result. Safe to run twice at once.

        Raises RelayError when the lists cannot be read: then nothing was changed, and the next run does it.
        """
        self.catch_up.catch_up_after_absence()
        try:
            results = self.room_list_service.match_room_lists() + self._carry_out(self._steps())
        finally:
            self.catch_up.queue_pending_resyncs()
            self.recovery.ensure_progress()
        for result, number in results.items():
            telemetry.count("reconciled", number, end=result)
        _logger.info("Subscriptions are reconciled: %s", _summary(results) or "nothing was to be done")
        return results

    def _steps(self) -> list[Step]:
        """Return the plan. The subscriptions are listed before the watches are read: see DesiredState.listed_at."""
        keys, listed_at = self.client_state_keys(), self.now()
        subscriptions = list(self.subscription_service.subscriptions.list())
        watches = list(self.watches.all())
        allowed = {watch.mailbox: self._is_allowed(watch) for watch in watches}
        desired = DesiredState(
            now=self.now(),
            listed_at=listed_at,
            notification_url=self.subscription_service.relay_url,
            lifecycle_url=self.subscription_service.lifecycle_url,
            renew_before=timedelta(minutes=self.settings.renew_before_minutes),
            keys=[key.version for key in keys],
            signing=client_state.signing_key(keys, self.now()).version,
            allows=allowed.get,
        )
        return plan(watches, subscriptions, desired)

    def _is_allowed(self, watch: Watch) -> bool | None:
        try:
            return self.allow_list.allows(watch.mailbox)
        except RelayError:  # a room list that cannot be read: not the moment to take anything away
            return None

    def _carry_out(self, steps: list[Step]) -> Counter[str]:
        run = _Run(self.now, self.now() + BUDGET, deque((step, 0) for step in steps), len(steps), self.now())
        side_by_side(lambda _: self._worker(run), range(min(AT_ONCE, len(steps))), AT_ONCE, "reconcile")
        return run.results + Counter(left=len(run.left))

    def _worker(self, run: _Run) -> None:
        while (next_step := run.next()) is not None:
            step, tries = next_step
            try:
                result = self._execute(self._refreshed(step) if tries else step)
            except GraphUnavailable as error:
                if tries + 1 < TRIES and run.may_try_again(step, tries, error):
                    continue
                result = _failed(step, error, "unanswered")
            except Exception as error:  # noqa: BLE001  (one watch must not take the others with it)
                result = _failed(step, error, "failed")
            run.record(result)

    def _refreshed(self, step: Step) -> Step:
        """Return a step with its watch as the failed try left it: what is written on an older state is not written.

        A row that names no subscription any more was claimed by that try. One that names another is somebody else's
        work.
        """
        watch = self.watches.get(step.watch.id) if step.watch else None
        if watch is None or step.watch is None or watch.subscription_id not in ("", step.watch.subscription_id):
            return step
        is_lost = step.verb == "renew" and not watch.subscription_id
        return replace(step, watch=watch, verb="create" if is_lost else step.verb)

    def _execute(self, step: Step) -> str:
        """Carry out one step, and return its result."""
        if step.watch is None or step.verb == "delete":
            return self._delete(step)
        after = self._changed_watch(step, step.watch)
        if after is None:
            return "deleted-meanwhile"
        if step.verb in ("create", "replace") and not after.subscription_id:
            return "being-made"  # by another run
        is_another = after.subscription_id != step.watch.subscription_id
        return "created" if step.verb == "renew" and is_another else _RESULTS[step.verb]

    def _changed_watch(self, step: Step, watch: Watch) -> Watch | None:
        service = self.subscription_service
        if step.verb == "create":
            return service.recreate(watch, step.clear, spread=True)
        if step.verb == "pause":
            return service.pause(watch)
        if step.subscription is None:
            raise ValueError(f"nothing to {step.verb}")
        if step.verb == "replace":
            return service.replace(watch, step.subscription.id, step.clear)
        if step.verb == "renew":
            return service.renew(watch, spread=True)
        return self.watches.change(watch, expires=step.subscription.expires) or watch

    def _delete(self, step: Step) -> str:
        """Delete a subscription that no watch needs, if that is still so: the plan may be minutes old."""
        if step.subscription is None:
            raise ValueError("nothing to delete")
        watch = self.watches.get(step.watch.id) if step.watch else None
        if watch is not None and watch.subscription_id == step.subscription.id:
            return "needed-meanwhile"
        self.subscription_service.subscriptions.delete(step.subscription.id)
        return "deleted"


def _failed(step: Step, error: Exception, result: str) -> str:
    """Log why a step failed; of an error that nobody foresaw only its kind, as its text may quote anything."""
    watch_id, text = step.watch.id if step.watch else "none", error if isinstance(error, RelayError) else type(error)
    _logger.warning("Could not %s the subscription of watch %s: %s", step.verb, watch_id, text)
    return result


def _summary(results: Counter[str]) -> str:
    return ", ".join(f"{number} {result}" for result, number in sorted(results.items()))
