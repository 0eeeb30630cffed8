"""Bring Graph's subscriptions in step with the watches: plan every difference and remove it, within a time budget."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared import telemetry
from shared.delivery.recovery import keep_going
from shared.errors import GraphUnavailable, RelayError
from shared.graph import client_state
from shared.parts import Parts
from shared.resync.catch_up import catch_up_after_absence, queue_owed_resyncs
from shared.storage.watches import Watch
from shared.subscriptions.plan import DesiredState, Step, plan
from shared.subscriptions.room_lists import match_room_lists
from shared.threads import side_by_side

BUDGET = timedelta(minutes=4)  # well within the host's functionTimeout; what is left goes on at the next run
AT_ONCE = 32  # a creation takes a second or two, and 24 in a second may be written
GIVE_UP = 20  # failures in a row without an answer: Graph is down, and calling on helps nobody
TRIES = 3  # of a step that Graph throttles or does not answer, within a run
REPORT_EVERY = timedelta(seconds=5)

_DONE = {"create": "created", "replace": "replaced", "renew": "renewed", "pause": "paused", "note": "noted"}
_logger = logging.getLogger("relay.reconcile")


@dataclass
class _Run:
    """The steps that are left, and what came of the others; shared by the lanes."""

    parts: Parts
    stop: datetime
    left: deque[tuple[Step, int]]
    total: int
    reported: datetime
    ends: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> tuple[Step, int] | None:
        """Return the most urgent step that is left, and how often it was tried; None at the end of the run."""
        with self.lock:
            over = self.parts.now() >= self.stop or self.unanswered >= GIVE_UP
            return None if over or not self.left else self.left.popleft()

    def may_try_again(self, step: Step, tries: int, error: GraphUnavailable) -> bool:
        """Put a step back: one that is throttled as the next, since the pace is held; another one as the last."""
        with self.lock:
            if error.status == 429:
                self.left.appendleft((step, tries + 1))
                return True
            self.unanswered += 1
            if self.unanswered < GIVE_UP:
                self.left.append((step, tries + 1))
            return self.unanswered < GIVE_UP

    def note(self, end: str) -> None:
        """Count an end, and tell the log from time to time how far it is."""
        with self.lock:
            self.ends[end] += 1
            self.unanswered = self.unanswered + 1 if end == "unanswered" else 0
            done, now = self.ends.total(), self.parts.now()
            if now - self.reported < REPORT_EVERY and done < self.total:
                return
            self.reported = now
        _logger.info("Subscriptions: %d of %d steps done (%s)", done, self.total, _in_words(self.ends))


def reconcile(parts: Parts) -> Counter[str]:
    """Remove every difference; returns how many steps came to which end. Safe to run twice at once.

    Raises RelayError when the lists cannot be read: then nothing was changed, and the next run does it.
    """
    catch_up_after_absence(parts)
    try:
        ends = match_room_lists(parts) + _carry_out(parts, _steps(parts))
    finally:
        queue_owed_resyncs(parts)
        keep_going(parts)
    for end, number in ends.items():
        telemetry.count("reconciled", number, end=end)
    _logger.info("Subscriptions are reconciled: %s", _in_words(ends) or "nothing was to be done")
    return ends


def _in_words(ends: Counter[str]) -> str:
    return ", ".join(f"{number} {word}" for word, number in sorted(ends.items()))


def _steps(parts: Parts) -> list[Step]:
    """Return the plan. The subscriptions are listed before the watches are read: see DesiredState.listed_at."""
    keys, listed_at = parts.client_state_keys(), parts.now()
    subscriptions = list(parts.keeper.subscriptions.list())
    watches = list(parts.watches.all())
    answers = {watch.mailbox: _allowed(parts, watch) for watch in watches}
    aim = DesiredState(
        now=parts.now(),
        listed_at=listed_at,
        notification_url=parts.keeper.relay_url,
        lifecycle_url=parts.keeper.lifecycle_url,
        renew_before=timedelta(minutes=parts.settings.renew_before_minutes),
        keys=[key.version for key in keys],
        signing=client_state.signing_key(keys, parts.now()).version,
        allows=answers.get,
    )
    return plan(watches, subscriptions, aim)


def _allowed(parts: Parts, watch: Watch) -> bool | None:
    try:
        return parts.allow_list.allows(watch.mailbox)
    except RelayError:  # a room list that cannot be read: not the moment to take anything away
        return None


def _carry_out(parts: Parts, steps: list[Step]) -> Counter[str]:
    run = _Run(parts, parts.now() + BUDGET, deque((step, 0) for step in steps), len(steps), parts.now())
    side_by_side(lambda _: _lane(run), range(min(AT_ONCE, len(steps))), AT_ONCE, "reconcile")
    return run.ends + Counter(left=len(run.left))


def _lane(run: _Run) -> None:
    while (taken := run.next()) is not None:
        step, tries = taken
        try:
            end = _done(run.parts, _as_it_is_now(run.parts, step) if tries else step)
        except GraphUnavailable as error:
            if tries + 1 < TRIES and run.may_try_again(step, tries, error):
                continue
            end = _failed(step, error, "unanswered")
        except Exception as error:  # noqa: BLE001  (one watch must not take the others with it)
            end = _failed(step, error, "failed")
        run.note(end)


def _as_it_is_now(parts: Parts, step: Step) -> Step:
    """Return a step with its watch as the failed try left it: what is written on an older state is not written.

    A row that names no subscription any more was claimed by that try. One that names another is somebody else's work.
    """
    watch = parts.watches.get(step.watch.id) if step.watch else None
    if watch is None or step.watch is None or watch.subscription_id not in ("", step.watch.subscription_id):
        return step
    is_lost = step.verb == "renew" and not watch.subscription_id
    return replace(step, watch=watch, verb="create" if is_lost else step.verb)


def _failed(step: Step, error: Exception, end: str) -> str:
    """Log why a step failed; of an error that nobody foresaw only its kind, as its text may quote anything."""
    watch_id, text = step.watch.id if step.watch else "none", error if isinstance(error, RelayError) else type(error)
    _logger.warning("Could not %s the subscription of watch %s: %s", step.verb, watch_id, text)
    return end


def _done(parts: Parts, step: Step) -> str:
    """Carry out one step, and return a word for what happened."""
    if step.watch is None or step.verb == "delete":
        return _deleted(parts, step)
    after = _watch_after(parts, step, step.watch)
    if after is None:
        return "deleted-meanwhile"
    if step.verb in ("create", "replace") and not after.subscription_id:
        return "being-made"  # by another run
    is_another = after.subscription_id != step.watch.subscription_id
    return "created" if step.verb == "renew" and is_another else _DONE[step.verb]


def _watch_after(parts: Parts, step: Step, watch: Watch) -> Watch | None:
    keeper = parts.keeper
    if step.verb == "create":
        return keeper.anew(watch, step.clear, spread=True)
    if step.verb == "pause":
        return keeper.pause(watch)
    if step.subscription is None:
        raise ValueError(f"nothing to {step.verb}")
    if step.verb == "replace":
        return keeper.replace(watch, step.subscription.id, step.clear)
    if step.verb == "renew":
        return keeper.renew(watch, spread=True)
    return parts.watches.change(watch, expires=step.subscription.expires) or watch


def _deleted(parts: Parts, step: Step) -> str:
    """Delete a subscription that no watch needs, if that is still so: the plan may be minutes old."""
    if step.subscription is None:
        raise ValueError("nothing to delete")
    watch = parts.watches.get(step.watch.id) if step.watch else None
    if watch is not None and watch.subscription_id == step.subscription.id:
        return "needed-meanwhile"
    parts.keeper.subscriptions.delete(step.subscription.id)
    return "deleted"
