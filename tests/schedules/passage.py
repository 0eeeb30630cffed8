"""How time passes between the rounds: timers run and messages are processed, one after the other, without faults."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.storage.table import text_of
from tests.schedules import version_before

if TYPE_CHECKING:
    from tests.schedules.acts_lies import Lies
    from tests.schedules.acts_relay import RelayActs
    from tests.schedules.process import Process
    from tests.schedules.site import Site

TIMER, QUIET_TIMER, DAY = 1800.0, 7200.0, 86_400.0  # seconds


def as_the_host(work: Callable[..., object], *args: object) -> None:
    """Do as the host of the functions does: an error of the relay is logged and answered. Others are raised, unless
    the version before raises them: it does not know rows that cannot be read.
    """
    try:
        work(*args)
    except Exception as error:
        is_known = any(kind.__name__ == "RelayError" for kind in type(error).__mro__)
        modules = [frame.f_globals["__name__"] for frame, _ in traceback.walk_tb(error.__traceback__)]
        if not is_known and not any(each.startswith(version_before.PACKAGE) for each in modules):
            raise


class Passage:
    """Lets time pass. `timer_at` is when the next run of the timer is due, in seconds since the start."""

    def __init__(self, site: Site, processes: dict[str, Process], relay: RelayActs, lies: Lies) -> None:
        self._site, self._processes, self._relay, self._lies = site, [*processes.values()], relay, lies
        self._clock = site.scheduler.clock
        self.timer_at = self._ran_at = self._night_at = 0.0
        self._process_number = 0

    def next_process(self) -> Process:
        """Return the processes in turn."""
        self._process_number += 1
        return self._processes[self._process_number % len(self._processes)]

    def to(self, seconds: float, every: float = QUIET_TIMER, idle: float = 0) -> None:
        """Let time pass to a moment. The timer comes each `every` seconds.

        While no row is due and nobody lies, a run changes nothing but its heartbeat: so only each `idle` seconds then.
        The first one always takes place: settings and rooms may have changed.
        """
        clock = self._clock
        self._ran_at = min(self._ran_at, clock.seconds - idle)
        self._while_stopped(seconds)
        while True:
            at = min(seconds, self.timer_at, max(self._message_at(seconds), clock.seconds))
            if at >= seconds:
                break
            clock.seconds = max(clock.seconds, at)
            self._lies.end_due()
            if at == self.timer_at:
                self.timer_at = clock.seconds + every
                self._timer(idle)
            else:
                self._messages()
        clock.seconds = max(clock.seconds, seconds)
        self._lies.end_due()
        self._site.graph.live()

    def _while_stopped(self, seconds: float) -> None:
        """Let time pass until the app works again, at most to a moment: nothing runs. After a stop all start."""
        site, clock = self._site, self._clock
        was_stopped, until = site.is_stopped, max(site.stopped_until, site.idle_until)
        if clock.seconds >= until:
            return
        clock.seconds = min(seconds, until)
        self.timer_at = max(self.timer_at, clock.seconds)  # a round at this moment comes first
        if was_stopped and not site.is_stopped:
            for each in self._processes:
                each.start()

    def _message_at(self, never: float) -> float:
        """Return when the next message is due, in seconds since the start."""
        waiting = [queue.waiting[0][0] for queue in self._site.queues.values() if queue.waiting]
        if not waiting:
            return never
        return (min(waiting) - self._site.now()).total_seconds() + self._clock.seconds

    def _timer(self, idle: float) -> None:
        if self._clock.seconds - self._ran_at < idle and not self._is_due():
            return
        self._ran_at = self._clock.seconds
        as_the_host(self.next_process().app.reconciler.reconcile)
        self._site.keep()
        if self._clock.seconds >= self._night_at:
            self._night_at += DAY
            as_the_host(self.next_process().app.catch_up.queue_nightly_resyncs)

    def _is_due(self) -> bool:
        """Return whether a row says that its work is due, or an answer may be wrong now."""
        now = text_of(self._site.now())
        return bool(self._lies.present) or any(
            row.get("due_at", "") <= now for row in self._site.tables["watches"].rows.partition("watch")
        )

    def _messages(self) -> None:
        """Process what is due; what no process can process stays for a minute."""
        numbers = [0]
        for process in self._processes:
            as_the_host(lambda process: numbers.append(self._relay.process(process)), process)
        if not any(numbers):
            self._clock.seconds += 30
