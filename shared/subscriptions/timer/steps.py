"""Carry out the steps of a run: in parallel, most urgent first, and mass changes in growing batches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.errors import ConfigurationError, GraphError, GraphUnavailable, RelayError, ServiceUnavailable
from shared.resync.catch_up import CatchUp
from shared.storage.maintenance import Rollout
from shared.storage.watches import Watch, Watches
from shared.subscriptions.creation import Creation
from shared.subscriptions.endings import Endings
from shared.subscriptions.losses import Losses
from shared.subscriptions.plan import Step
from shared.subscriptions.service import SubscriptionService
from shared.subscriptions.timer.rollout import Rollouts
from shared.subscriptions.timer.run import Run
from shared.threads import side_by_side

AT_ONCE = 32  # a creation takes a second or two, and Graph allows 24 writes a second
MAX_ATTEMPTS = 3  # per run, for a step that Graph throttles or does not answer
NO_HANDSHAKE = "NoHandshake"

_RESULTS = {
    "create": "created", "replace": "replaced", "address": "moved", "renew": "renewed", "lookup": "confirmed",
    "pause": "paused", "resync": "resynced", "write": "noted",
}  # fmt: skip
_CHANGED = ("replaced", "moved", "created")
_logger = logging.getLogger("relay.reconcile")


@dataclass(frozen=True)
class Steps:
    """Carries out steps."""

    watches: Watches
    service: SubscriptionService
    losses: Losses
    creation: Creation
    endings: Endings
    rollouts: Rollouts
    catch_up: CatchUp

    def carry_out(self, run: Run, steps: Sequence[Step]) -> None:
        """Carry out steps that need no batches."""
        run.add(steps)
        self._work(run)

    def roll_out(self, run: Run, steps: Sequence[Step], target: str, watches: int, due_until: datetime) -> bool:
        """Carry out mass changes in growing batches; return whether the next batch has to wait.

        A batch is the proof for the next: it was carried out, and where addresses changed, Graph's validation of the
        new one reached the relay. What has to wait and ends until `due_until` is renewed as it is, so that a mistake
        in the settings ends no subscription, however long it stays.
        """
        waiting = list(steps)
        row = self.rollouts.begin(target) if steps else self.rollouts.without_steps(target)
        while not run.is_over and row.target == target and row.stopped_at is None:
            number = self.rollouts.allowance(row, len(waiting))
            batch, waiting = waiting[:number], waiting[number:]
            if batch:
                row = self._batch(run, row, batch)
            elif self.rollouts.is_unproven(row) and not self._is_proven(row):
                if not self.rollouts.waits(row):
                    self._move_back(row)
                break
            elif waiting or self.rollouts.is_unproven(row):
                row = self.rollouts.widen(row, watches)
            else:
                break
        run.results["waiting"] += len(waiting)
        self.carry_out(run, [replace(step, verb="renew") for step in waiting if _ends_until(step.watch, due_until)])
        row = self.rollouts.stored.read()
        return row.target == target and row.stopped_at is None and (bool(waiting) or self.rollouts.is_unproven(row))

    def _batch(self, run: Run, row: Rollout, batch: Sequence[Step]) -> Rollout:
        if row.limit == 1:
            first = batch[0]
            row = self.rollouts.started_with(row, first.watch, first.watch.posts_to if first.verb == "address" else "")

        def done(result: str, error: Exception | None) -> None:
            code = _code_of(error)
            if not code and result not in _CHANGED:
                return  # neither a success nor a failure: throttled, or another process was faster
            with suppress(RelayError):  # not counted: the batch then takes one more
                if self.rollouts.record(row, code).stopped_at is not None:
                    run.put_aside()

        run.add(batch)
        self._work(run, done)
        return self.rollouts.stored.read()

    def _is_proven(self, row: Rollout) -> bool:
        """Return whether the first watch's change took effect: Graph validated its new address."""
        first = self.watches.get(row.first_id)
        if first is None or first.delivery == "direct" or not row.first_url:
            return True
        return first.posts_to != row.first_url and self.rollouts.was_validated(row, first.posts_to)

    def _move_back(self, row: Rollout) -> None:
        """Restore the first subscription's address, which Graph did not validate, and stop the rollout.

        While Graph does not answer, the rollout is not stopped, so that this is tried again.
        """
        first = self.watches.get(row.first_id)
        if first is not None and first.posts_to != row.first_url:
            try:
                self.service.move(first, row.first_url)
            except RelayError as error:
                _logger.warning("Could not move the subscription of watch %s back: %s", first.id, error)
                if isinstance(error, GraphUnavailable | ServiceUnavailable):
                    return
        self.rollouts.stop(row, NO_HANDSHAKE)

    def _work(self, run: Run, done: Callable[[str, Exception | None], object] = lambda *_: None) -> None:
        """Carry out the steps: one at a time until Graph has answered, because while it is down each takes long."""
        while not run.has_answer and self._carry_out_next(run, done):
            pass
        side_by_side(lambda _: self._worker(run, done), range(min(AT_ONCE, len(run.left))), AT_ONCE, "reconcile")

    def _worker(self, run: Run, done: Callable[[str, Exception | None], object]) -> None:
        while self._carry_out_next(run, done):
            pass

    def _carry_out_next(self, run: Run, done: Callable[[str, Exception | None], object]) -> bool:
        """Carry out the next step; return whether there was one. Without a token Graph does not answer, either."""
        next_step = run.next()
        if next_step is None:
            return False
        step, attempts = next_step
        failure: Exception | None = None
        try:
            result = self._execute(self._refreshed(step) if attempts else step)
        except GraphUnavailable as error:
            if attempts + 1 < MAX_ATTEMPTS and run.put_back(step, attempts, error):
                return True
            result, failure = _failed(step, error, "unanswered"), error
        except (ServiceUnavailable, ConfigurationError) as error:
            result, failure = _failed(step, error, "unanswered"), error
        except Exception as error:  # noqa: BLE001  (a failure of one watch must not affect the others)
            result, failure = _failed(step, error, "failed"), error
        run.record(result, failure)
        done(result, failure)
        return True

    def _refreshed(self, step: Step) -> Step:
        """Return a step with its watch's current row, because a write with an outdated etag has no effect.

        A row that no longer names a subscription was claimed by the failed attempt. A row that names a different one
        was changed by another process; the step stays as it is.
        """
        watch = self.watches.get(step.watch.id)
        if watch is None or watch.subscription_id not in ("", step.watch.subscription_id):
            return step
        is_lost = step.verb not in ("create", "pause") and not watch.subscription_id
        return replace(step, watch=watch, verb="create" if is_lost else step.verb)

    def _execute(self, step: Step) -> str:
        """Carry out one step and return its result."""
        after = self._changed_watch(step)
        if after is None:
            return "deleted-meanwhile"
        if after.missing_since is not None:
            return "missing"
        if step.verb in ("create", "replace") and not after.subscription_id:
            return "being-made"  # by another process
        if step.verb == "pause" and after.state != "paused":
            return "kept"  # it is allowed again
        if after.state == "live":
            self.catch_up.queue_pending_resync(after)
        is_another = after.subscription_id != step.watch.subscription_id
        return "created" if is_another and step.verb in ("renew", "lookup", "address") else _RESULTS[step.verb]

    def _changed_watch(self, step: Step) -> Watch | None:
        service, watch = self.service, step.watch
        changes: dict[str, Callable[[], Watch | None]] = {
            "create": lambda: self.creation.recreate(watch, spread=True),
            "replace": lambda: service.replace(watch),
            "address": lambda: service.change_address(watch),
            "renew": lambda: service.renew(watch, spread=True),
            "lookup": lambda: self.losses.look_up(watch),
            "pause": lambda: self.endings.pause(watch),
            "resync": lambda: watch,
            "write": lambda: service.records.write(watch),
        }
        return changes[step.verb]()


def _ends_until(watch: Watch, moment: datetime) -> bool:
    return watch.expires is not None and watch.expires <= moment


def _code_of(error: Exception | None) -> str:
    """Return what counts as a failure of a rollout: Graph's code, but not a 429."""
    if error is None or (isinstance(error, GraphError) and error.status == 429):
        return ""
    return error.code if isinstance(error, GraphError) else type(error).__name__


def _failed(step: Step, error: Exception, result: str) -> str:
    """Log why a step failed. Of an unexpected error log only the type: its text may contain anything."""
    text = error if isinstance(error, RelayError) else type(error)
    _logger.warning("Could not %s the subscription of watch %s: %s", step.verb, step.watch.id, text)
    return result
