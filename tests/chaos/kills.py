"""Kills the host repeatedly, between two steps of its work, and starts it again immediately."""

import random
import time
from collections import Counter, deque

from tests.chaos.activity import Activity
from tests.chaos.crash_points import ANY, CRASH_POINTS, OF_A_DELIVERY, PROXY_POINTS, READ, READ_FAULT
from tests.chaos.proxy import Trap
from tests.chaos.stage import Stage

FLOW = (3, 10.0)  # deliveries, within a number of seconds
PATIENCE = 5.0  # seconds until a point counts as unreachable: no delivery is signed while the partner is unavailable


class Kills(Activity):
    """Kills until it has done so `number` times or is stopped; `done` counts by crash point."""

    def __init__(self, stage: Stage, chance: random.Random, number: int, seconds: float) -> None:
        super().__init__()
        self._stage = stage
        self._chance = chance
        self._number = number
        self._gap = seconds / number
        self._fault = ""
        self._delivered: deque[float] = deque(maxlen=FLOW[0])
        stage.proxies["partner"].listeners.append(lambda _delivery: self._delivered.append(time.monotonic()))
        self.done: Counter[str] = Counter()
        self.out_of_reach: Counter[str] = Counter()

    def work(self) -> None:
        """Kill at one crash point after the other; at the end the host runs."""
        point = self._next()
        while not self.stopped.is_set() and self.done.total() < self._number:
            reached = self._is_reached(point)
            (self.done if reached else self.out_of_reach)[point] += 1
            point = self._next()
            if reached or point == READ:
                self._restart(point, needless=not reached)

    def _next(self) -> str:
        """Choose a crash point with few kills; one that was not reached before follows a little later."""
        flowing = self._is_flowing()
        reachable = [point for point in CRASH_POINTS if flowing or point not in OF_A_DELIVERY]
        weight = {
            point: self.done[point] + 0.4 * self.out_of_reach[point] + self._chance.random() for point in CRASH_POINTS
        }
        return min(reachable, key=lambda point: weight[point])

    def _is_flowing(self) -> bool:
        """Return whether deliveries flow; a single one is a probe, whose death only makes an outage longer."""
        number, seconds = FLOW
        return len(self._delivered) == number and time.monotonic() - self._delivered[0] < seconds

    def _restart(self, following: str, *, needless: bool) -> None:
        """Kill and start; when that is the next crash point, the new host's first delivery is held before it reads."""
        if following == READ:
            self._fault = self._stage.stack.tenant.control("POST", "/faults", READ_FAULT)["id"]
        self._stage.restart_host()
        self.done[ANY] += needless

    def _is_reached(self, point: str) -> bool:
        """Wait for the host to reach a crash point; return whether it is held there now."""
        if point == READ:
            return self._is_in_first_delivery()
        self.stopped.wait(self._gap * self._chance.uniform(0.3, 1.1))
        return point == ANY or self._is_held(point)

    def _is_held(self, name: str) -> bool:
        """Hold the next exchange of a crash point at its proxy; return whether there was one."""
        point = PROXY_POINTS[name]
        trap, traps = Trap(point.step, point.matches), self._stage.proxies[point.service].traps
        traps.append(trap)
        try:
            return trap.caught.wait(PATIENCE)
        finally:
            traps.remove(trap)

    def _is_in_first_delivery(self) -> bool:
        """Return whether the first delivery is held at the read of the signing secret."""
        if not self._fault:
            return False  # the first host is not restarted for this point
        tenant, fault = self._stage.stack.tenant, self._fault
        met: int = tenant.control("GET", f"/faults/{fault}", seconds=str(PATIENCE))["met"]
        tenant.control("DELETE", f"/faults/{fault}")
        self._fault = ""
        return met > 0
