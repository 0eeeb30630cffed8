"""What happens at one of a worker's calls: an edit of somebody else, or the worker is killed."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.pairs_world import PairsWorld


class Killed(BaseException):
    """The worker is gone: no code of the relay catches it."""


class AtCall:
    """Acts once at a counted moment: before a call of storage or the queue, before and after one of Graph or Dataverse.

    `reached`: whether there was such a moment. `is_stop`: the worker is stopped, and goes on later.
    """

    def __init__(self, world: PairsWorld, number: int, act: Callable[[], object], *, is_stop: bool = False) -> None:
        self._world, self.number, self._act, self.is_stop = world, number, act, is_stop
        self.count, self.reached = 0, False

    def __enter__(self) -> AtCall:
        """Count from now on, anew."""
        self.count, self.reached = 0, False
        self._count_with(self._moment)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """Count no longer; a kill ends here."""
        self._count_with(lambda: None)
        return kind is Killed

    def _count_with(self, moment: Callable[[], None]) -> None:
        self._world.to_graph.on_call = self._world.to_dynamics.on_call = lambda _: moment()
        self._world.pair_rows.before = self._world.queue.before = moment

    def _moment(self) -> None:
        self.count += 1
        if self.count == self.number:
            self.reached = True
            self._act()


class KilledAtCall(AtCall):
    """Kills the worker at a counted moment."""

    def __init__(self, world: PairsWorld, number: int) -> None:
        super().__init__(world, number, _kill)


class KilledAfter(AtCall):
    """Kills the worker when Graph, or Dataverse, has answered its first call of a method, before it knows of it."""

    def __init__(self, world: PairsWorld, method: str, *, dataverse: bool = False) -> None:
        super().__init__(world, 1, _kill)
        self._method, self._session = method, world.to_dynamics if dataverse else world.to_graph

    def _count_with(self, moment: Callable[[], None]) -> None:
        def on_call(when: str) -> None:
            if when == "after" and self._session.calls[-1][0] == self._method:
                moment()

        self._session.on_call = on_call


def _kill() -> None:
    raise Killed
