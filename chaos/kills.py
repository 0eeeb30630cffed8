"""Kill the host, again and again, between two steps of its work, and start it again at once."""

import random
import threading
from collections import Counter

from chaos.points import ANY, HELD, POINTS, READ, READ_FAULT
from chaos.proxy import Trap
from chaos.stage import Stage

PATIENCE = 4.0  # seconds until a point counts as out of reach for now: no delivery is signed while the partner is away


class Kills(threading.Thread):
    """Kills until it has done so `number` times or is stopped; `done` counts by point."""

    def __init__(self, stage: Stage, chance: random.Random, number: int, seconds: float) -> None:
        super().__init__(daemon=True)
        self._stage = stage
        self._chance = chance
        self._number = number
        self._gap = seconds / number
        self._stopped = threading.Event()
        self.done: Counter[str] = Counter()
        self.out_of_reach: Counter[str] = Counter()
        self.error: BaseException | None = None

    def stop(self, grace: float = 0.0) -> None:
        """Kill no more once it is done, or after the grace; return when the host runs."""
        self.join(grace)
        self._stopped.set()
        self.join()
        if self.error is not None:
            raise self.error

    def run(self) -> None:
        """Go through the points in rounds, each round in another order."""
        try:
            while not self._stopped.is_set() and self.done.total() < self._number:
                for point in self._chance.sample(POINTS, len(POINTS)):
                    if not self._stopped.is_set() and self.done.total() < self._number:
                        self._kill_at(point)
        except BaseException as error:  # noqa: BLE001 (it is raised again where the thread is joined)
            self.error = error

    def _kill_at(self, point: str) -> None:
        if point == READ:
            reached = self._in_first_delivery()
        else:
            self._stopped.wait(self._gap * self._chance.uniform(0.4, 1.2))
            reached = point == ANY or self._is_held(point)
        if reached:
            self._stage.restart_host()
        (self.done if reached else self.out_of_reach)[point] += 1

    def _is_held(self, name: str) -> bool:
        """Hold the next exchange of a point at its proxy; return whether there was one."""
        point = HELD[name]
        trap, traps = Trap(point.step, point.matches), self._stage.proxies[point.service].traps
        traps.append(trap)
        try:
            return trap.caught.wait(PATIENCE)
        finally:
            traps.remove(trap)

    def _in_first_delivery(self) -> bool:
        """Start a host whose first delivery waits for the signing secret; return whether it does."""
        tenant = self._stage.stack.tenant
        fault = tenant.control("POST", "/faults", READ_FAULT)["id"]
        self._stage.restart_host()
        self.done[ANY] += 1
        met: int = tenant.control("GET", f"/faults/{fault}", seconds=str(PATIENCE))["met"]
        tenant.control("DELETE", f"/faults/{fault}")
        return met > 0
