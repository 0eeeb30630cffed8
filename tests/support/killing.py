"""A worker that is killed at one of its calls: an exception that no code of the relay catches."""

from __future__ import annotations

from tests.support.pairs_world import PairsWorld


class Killed(BaseException):
    """The worker is gone."""


class KilledAtCall:
    """Kills the worker at a counted moment: before a call of storage, and before and after one of Graph or Dataverse.

    `reached`: whether there was such a moment.
    """

    def __init__(self, world: PairsWorld, number: int) -> None:
        self._world, self._number = world, number
        self.count, self.reached = 0, False

    def __enter__(self) -> KilledAtCall:
        """Count from now on."""
        self._world.to_graph.on_call = self._world.to_dynamics.on_call = lambda _: self._moment()
        self._world.pair_rows.before = self._moment
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """Count no longer; the kill ends here."""
        self._world.to_graph.on_call = self._world.to_dynamics.on_call = lambda _: None
        self._world.pair_rows.before = lambda: None
        return kind is Killed

    def _moment(self) -> None:
        self.count += 1
        if self.count == self._number:
            self.reached = True
            raise Killed
