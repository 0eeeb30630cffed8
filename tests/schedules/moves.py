"""What a mistake in PUBLIC_BASE_URL may cost: few subscriptions post there, and few attempts are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import GraphRejected
from shared.graph.subscriptions import Subscription

if TYPE_CHECKING:
    from tests.schedules.site import Site

TYPING_ERROR = "https://rleay.example"
MOST_MOVED = 3  # one, and one more by each process that begins at the same time
MOST_REFUSED = 12  # PATCHes in an hour: three in a row stop a rollout, for each of a few targets
HOUR = timedelta(hours=1)


class Moves:
    """Watches PATCHes of the notificationUrl. Failures are appended to `broken`, each kind once."""

    def __init__(self, site: Site, broken: list[str]) -> None:
        self._site, self._broken = site, broken
        self._refused: list[datetime] = []
        site.graph.moving = self._moved

    def _moved(self, move: Callable[[], Subscription]) -> Subscription:
        try:
            answer = move()
        except GraphRejected as error:
            if error.code == "ValidationError":
                self._count()
            raise
        wrong = [each for each in self._site.graph.held.values() if each.own
                 and each.subscription.notification_url.startswith(TYPING_ERROR)]  # fmt: skip
        if len(wrong) == MOST_MOVED + 1:
            self._broken.append(f"moves: {len(wrong)} subscriptions post to an address that nobody has")
        return answer

    def _count(self) -> None:
        now = self._site.now()
        self._refused = [each for each in self._refused if now - each < HOUR] + [now]
        if len(self._refused) == MOST_REFUSED + 1:
            self._broken.append(f"moves: {len(self._refused)} refused attempts to move subscriptions in an hour")
