"""How time passes between the rounds: timers run and messages are processed, one after the other, without faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.schedules.passage import DAY, as_the_host

if TYPE_CHECKING:
    from tests.deliveries.acts_relay import RelayActs
    from tests.deliveries.process import DeliveryProcess
    from tests.deliveries.site import DeliverySite

QUEUES = ("jobs", "work", "changes")
TIMER = 7200.0  # seconds
NOBODY = 30.0  # seconds until the next attempt to process what no process could process
NIGHT = 0.1 * DAY  # of the day, when the nightly resyncs are queued


class Passage:
    """Lets time pass. `nights` counts the nightly resyncs."""

    def __init__(self, site: DeliverySite, processes: dict[str, DeliveryProcess], relay: RelayActs) -> None:
        self._site, self._processes, self._relay = site, [*processes.values()], relay
        self._clock = site.scheduler.clock
        self._timer_at, self._night_at, self._number = 0.0, NIGHT, 0
        self.nights = 0

    def next_process(self) -> DeliveryProcess:
        """Return the processes in turn."""
        self._number += 1
        return self._processes[self._number % len(self._processes)]

    def to(self, seconds: float) -> None:
        """Let time pass to a moment."""
        clock, site = self._clock, self._site
        while True:
            moments = (self._timer_at, self._night_at, site.later_at(seconds), self._message_at(seconds))
            at = min(seconds, *(max(each, clock.seconds) for each in moments))
            if at >= seconds:
                break
            clock.seconds = at
            site.catch_up()
            if at >= self._night_at:
                self.night()
            elif at >= self._timer_at:
                self._timer_at = clock.seconds + TIMER
                as_the_host(self.next_process().app.reconciler.reconcile)
            else:
                self._messages()
        clock.seconds = max(clock.seconds, seconds)
        site.catch_up()

    def no_night_for(self, seconds: float) -> None:
        """Let the next night begin after some seconds."""
        self._night_at = self._clock.seconds + seconds

    def night(self) -> None:
        """Queue the nightly resyncs."""
        self._night_at += DAY
        while self._night_at <= self._clock.seconds:
            self._night_at += DAY
        self.nights += 1
        as_the_host(self._relay.night, self.next_process())

    def _message_at(self, never: float) -> float:
        """Return when the next message is due, in seconds since the start."""
        waiting = [queue.waiting[0][0] for queue in self._site.queues.values() if queue.waiting]
        if not waiting:
            return never
        return (min(waiting) - self._site.now()).total_seconds() + self._clock.seconds

    def _messages(self) -> None:
        """Process what is due; what no process can process stays for a while."""
        numbers: list[int] = [0]
        for process in self._processes:
            as_the_host(lambda process: numbers.append(self._relay.process(process, QUEUES)), process)
        if not any(numbers):
            self._clock.seconds += NOBODY
