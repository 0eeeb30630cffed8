"""Reconcile Graph's subscriptions with the watches: compute the plan and carry it out, within a time budget."""

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

BUDGET = timedelta(minutes=4)  # well below the host's functionTimeout; the next run does the remaining steps
AT_ONCE = 32  # a creation takes a second or two, and Graph allows 24 writes a second
GIVE_UP = 20  # consecutive failures without a response: Graph is down, so end the run
MAX_ATTEMPTS = 3  # per run, for a step that Graph throttles or does not answer
REPORT_EVERY = timedelta(seconds=5)

_RESULTS = {"create": "created", "replace": "replaced", "renew": "renewed", "pause": "paused", "sync_expiry": "noted"}
_logger = logging.getLogger("relay.reconcile")


@dataclass
class _Run:
    """The remaining steps and the results so far; shared by the workers."""

    now: Callable[[], datetime]
    stop: datetime
    left: deque[tuple[Step, int]]
    total: int
    reported: datetime
    results: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> tuple[Step, int] | None:
        """Return the most urgent remaining step and its number of failed attempts; None at the end of the run."""
        with self.lock:
            over = self.now() >= self.stop or self.unanswered >= GIVE_UP
            return None if over or not self.left else self.left.popleft()

    def put_back(self, step: Step, attempts: int, error: GraphUnavailable) -> bool:
        """Put a step back, unless the run gives up; return whether it was put back.

        Throttled steps go to the front (the rate limiter waits), others to the back.
        """
        with self.lock:
            if error.status == 429:
                self.left.appendleft((step, attempts + 1))
                return True
            self.unanswered += 1
            if self.unanswered < GIVE_UP:
                self.left.append((step, attempts + 1))
            return self.unanswered < GIVE_UP

    def record(self, result: str) -> None:
        """Count a result, and log the progress every REPORT_EVERY."""
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
    """Makes Graph's subscriptions (the actual state) match the watches (the desired state)."""

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
        """Carry out the plan; return the number of steps for each result. Safe to run concurrently.

        Raises RelayError when the subscriptions or the watches cannot be read. The next run tries again.
        """
        self.catch_up.catch_up_after_absence()
        try:
            results = self.room_list_service.match_room_lists() + self._carry_out(self._steps())
        finally:
            self.catch_up.queue_pending_resyncs()
            self.recovery.ensure_progress()
        for result, number in results.items():
            telemetry.count("reconciled", number, end=result)
        _logger.info("Subscriptions are reconciled: %s", _summary(results) or "nothing to do")
        return results

    def _steps(self) -> list[Step]:
        """Return the plan. List the subscriptions before reading the watches: see DesiredState.listed_at."""
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
        except RelayError:  # a room list cannot be read: unknown must not remove a watch
            return None

    def _carry_out(self, steps: list[Step]) -> Counter[str]:
        run = _Run(self.now, self.now() + BUDGET, deque((step, 0) for step in steps), len(steps), self.now())
        side_by_side(lambda _: self._worker(run), range(min(AT_ONCE, len(steps))), AT_ONCE, "reconcile")
        return run.results + Counter(left=len(run.left))

    def _worker(self, run: _Run) -> None:
        while (next_step := run.next()) is not None:
            step, attempts = next_step
            try:
                result = self._execute(self._refreshed(step) if attempts else step)
            except GraphUnavailable as error:
                if attempts + 1 < MAX_ATTEMPTS and run.put_back(step, attempts, error):
                    continue
                result = _failed(step, error, "unanswered")
            except Exception as error:  # noqa: BLE001  (a failure of one watch must not affect the others)
                result = _failed(step, error, "failed")
            run.record(result)

    def _refreshed(self, step: Step) -> Step:
        """Return a step with its watch's current row, because a write with an outdated etag has no effect.

        A row that no longer names a subscription was claimed by the failed attempt. A row that names a different one
        was changed by another process; the step stays as it is.
        """
        watch = self.watches.get(step.watch.id) if step.watch else None
        if watch is None or step.watch is None or watch.subscription_id not in ("", step.watch.subscription_id):
            return step
        is_lost = step.verb == "renew" and not watch.subscription_id
        return replace(step, watch=watch, verb="create" if is_lost else step.verb)

    def _execute(self, step: Step) -> str:
        """Carry out one step and return its result."""
        if step.watch is None or step.verb == "delete":
            return self._delete(step)
        after = self._changed_watch(step, step.watch)
        if after is None:
            return "deleted-meanwhile"
        if step.verb in ("create", "replace") and not after.subscription_id:
            return "being-made"  # by another process
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
        """Delete a subscription, unless its watch uses it by now: the plan may be minutes old."""
        if step.subscription is None:
            raise ValueError("nothing to delete")
        watch = self.watches.get(step.watch.id) if step.watch else None
        if watch is not None and watch.subscription_id == step.subscription.id:
            return "needed-meanwhile"
        self.subscription_service.subscriptions.delete(step.subscription.id)
        return "deleted"


def _failed(step: Step, error: Exception, result: str) -> str:
    """Log why a step failed. Of an unexpected error log only the type: its text may contain anything."""
    watch_id, text = step.watch.id if step.watch else "none", error if isinstance(error, RelayError) else type(error)
    _logger.warning("Could not %s the subscription of watch %s: %s", step.verb, watch_id, text)
    return result


def _summary(results: Counter[str]) -> str:
    return ", ".join(f"{number} {result}" for result, number in sorted(results.items()))
