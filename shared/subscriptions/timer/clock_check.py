"""Whether this instance's clock is too wrong for work that depends on the time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.errors import RelayError
from shared.graph.subscriptions import Subscriptions
from shared.storage.watches import Watches

LARGEST_SKEW = timedelta(minutes=5)
LOOKED_AT = 20  # rows, to find one with a subscription

_logger = logging.getLogger("relay.clock")


@dataclass(frozen=True)
class ClockCheck:
    """Compares this instance's clock with Graph's. `skew`: the difference at Graph's last answer, None before."""

    skew: Callable[[], timedelta | None]
    watches: Watches
    subscriptions: Subscriptions

    def is_wrong(self) -> bool:
        """Return whether the clock was wrong at Graph's last answer. Makes no call."""
        skew = self.skew()
        return skew is not None and abs(skew) > LARGEST_SKEW

    def is_wrong_now(self) -> bool:
        """Return whether the clock is wrong. A subscription is read before Graph's first answer, because a write would
        store wrong times, and while the clock seems to be wrong, because no other call may follow that shows it right.

        Raises ServiceUnavailable or ConfigurationError when storage fails.
        """
        if self.skew() is None or self.is_wrong():
            known = next((watch for watch in self.watches.page(LOOKED_AT) if watch.subscription_id), None)
            if known is not None:
                with suppress(RelayError):  # an error of Graph has the time, too
                    self.subscriptions.get(known.subscription_id)
        if self.is_wrong():
            _logger.error("This instance's clock differs from Graph's by %s: it does no work that is due", self.skew())
        return self.is_wrong()
