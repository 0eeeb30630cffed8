"""Renew what expires soon, and make what is missing, within Graph's limits and a time budget."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.errors import RelayError
from shared.relay.allow_list import allows
from shared.relay.parts import Parts
from shared.storage.watches import Watch, is_being_made

if TYPE_CHECKING:
    from shared.config import Settings

BUDGET = timedelta(minutes=4)  # well within the host's functionTimeout; what is left goes on at the next run
AT_ONCE = 8
WRITES, PER_SECONDS = 400, 20.0  # "Microsoft Graph service-specific throttling limits": 500 writes per 20 s

_logger = logging.getLogger("relay.renew")


class Pace:
    """Hands out places at an even pace, to several threads: `writes` in `seconds`."""

    def __init__(
        self, writes: int, seconds: float, now: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._step = timedelta(seconds=seconds / writes)
        self._now = now
        self._sleep = sleep
        self._next = now()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next write may be sent."""
        with self._lock:
            mine = max(self._next, self._now())
            self._next = mine + self._step
        wait = (mine - self._now()).total_seconds()
        if wait > 0:
            self._sleep(wait)


def renew(parts: Parts) -> Counter[str]:
    """Work on every watch that is due, the most urgent first; returns how many came to which end."""
    keys = [key.version for key in parts.client_state_keys()]
    due = deque(due_watches(list(parts.watches.all()), parts.settings, parts.now(), keys))
    pace = Pace(WRITES, PER_SECONDS, parts.now, parts.sleep)
    stop = parts.now() + BUDGET
    ends: Counter[str] = Counter()
    with ThreadPoolExecutor(AT_ONCE, "renew") as workers:
        lanes = [workers.submit(_lane, parts, due, pace, stop) for _ in range(min(AT_ONCE, len(due)))]
        for lane in lanes:
            ends += lane.result()
    ends["left"] = len(due)
    for end, number in ends.items():
        telemetry.count("renewals", number, end=end)
    return ends


def due_watches(watches: list[Watch], settings: Settings, now: datetime, keys: Collection[str]) -> list[Watch]:
    """Return the watches that need a subscription made or renewed now, the most urgent first. Pure.

    One whose clientState is of none of the `keys` (versions) hears nothing any more, so it is due, too. A mailbox that
    the customer took off the allow-list is left to expire. A set-up under way is left alone.
    """
    soon = now + timedelta(minutes=settings.renew_before_minutes)
    first = datetime.min.replace(tzinfo=UTC)

    def is_due(watch: Watch) -> bool:
        if not allows(settings.allowed_mailboxes, watch.mailbox):
            return False
        if watch.state == "pending":
            return not is_being_made(watch, now)
        silent = watch.delivery == "relay" and watch.key_version not in keys
        return silent or watch.expires is None or watch.expires < soon

    return sorted(filter(is_due, watches), key=lambda watch: watch.expires or first)


def _lane(parts: Parts, due: deque[Watch], pace: Pace, stop: datetime) -> Counter[str]:
    ends: Counter[str] = Counter()
    while parts.now() < stop:
        try:
            watch = due.popleft()
        except IndexError:
            break
        pace.wait()
        ends[_renewed(parts, watch)] += 1
    return ends


def _renewed(parts: Parts, watch: Watch) -> str:
    """Renew one watch and return a word for what happened; a failure is logged and never stops the others."""
    try:
        after = parts.keeper.ensure(watch)
    except RelayError as error:
        _logger.warning("Watch %s was not renewed: %s", watch.id, error, extra={"watch": watch.id})
        return "failed"
    if after is None:
        return "deleted-meanwhile"
    return "renewed" if after.subscription_id == watch.subscription_id else "created"
