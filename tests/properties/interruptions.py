"""Events that may interrupt the relay at any call: a fault, the end of the process, another run, an old listing."""

from __future__ import annotations

from collections.abc import Callable

from shared.errors import GraphUnavailable
from shared.graph.subscriptions import Subscription
from tests.simulation.world import World


class Killed(BaseException):
    """The process ends here: nothing catches it, and no call follows until it is started again."""


class Interruptions:
    """Runs before and after every call of a world's Graph, and before every call to its storage."""

    def __init__(self, world: World) -> None:
        self._graph = world.subscriptions
        self.calls_left: int | None = None
        self.meet: tuple[str, Callable[[], None]] | None = None
        self.faults: list[tuple[str, int, bool]] = []
        self.stale: list[Subscription] | None = None
        self._graph.before, self._graph.after = self._before, self._after
        world.rows.before = world.job_texts.before = self._step

    def end(self) -> None:
        """Stop all interruptions."""
        self.faults, self.stale, self.calls_left, self.meet = [], None, None, None

    def _before(self, verb: str) -> None:
        self._step()
        if self.meet is not None and self.meet[0] == verb:
            (_, second), self.meet = self.meet, None
            second()
        self._fail(verb, late=False)
        if verb == "LIST":
            self._graph.next_listing, self.stale = self.stale, None

    def _after(self, verb: str) -> None:
        self._fail(verb, late=True)

    def _fail(self, verb: str, *, late: bool) -> None:
        for number, (wanted, status, is_late) in enumerate(self.faults):
            if (wanted, is_late) == (verb, late):
                del self.faults[number]
                raise GraphUnavailable(status, "Fault", retry_after=1.0 if status == 429 else None)

    def _step(self) -> None:
        """Count down to the kill; a killed process makes no further call."""
        if self.calls_left is None:
            return
        if self.calls_left <= 0:
            raise Killed
        self.calls_left -= 1
