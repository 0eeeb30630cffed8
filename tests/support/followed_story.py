"""A story of a followed business: steps in which anything changes, fails, stops or ends, and a rest after them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from shared.errors import RelayError
from shared.graph.bookings.ids import route_id
from shared.messages import Job
from shared.partner.webhook import NotDelivered
from shared.reliability.dead_letters import parse_selection
from shared.utc import format_utc
from tests.support.appointments_world import ADDRESS, lost, raising
from tests.support.followed_beliefs import HOUR, START, FollowedBeliefs

FAR = timedelta(days=90)  # out of the window
LISTS: list[dict[str, Any]] = [
    {}, {"appointmentListsLack": "half"}, {"appointmentListsLack": "all"}, {"appointmentListLagSeconds": 120.0},
    {"appointmentUnseenSeconds": 30.0}, {"listsWithoutCustomers": True}, {"slashesInIds": True},
    {"appointmentListLagSeconds": True},
]  # fmt: skip
ANSWERS = (None, None, None, 500, 503, 422, 0, 410)
FAULTS = (lost, raising(500), raising(503, "ServiceUnavailable"), raising(429, "TooManyRequests"),
          raising(404, "MailboxNotEnabledForRESTAPI"), raising(404, "ErrorItemNotFound"), lost,
          raising(403))  # fmt: skip


class Killed(BaseException):
    """The process ends here."""


class FollowedStory(FollowedBeliefs):
    """A world in which steps are taken."""

    def take(self, step: str, number: int) -> None:
        """Take a step."""
        steps: dict[str, Callable[[int], None]] = {
            "book": self._book, "move": self._move, "staff": self._staff, "cancel": self._cancel, "call": self._call,
            "lists": self._lists, "partner": self._partner, "kill": self._kill, "fault": self._fault, "run": self._run,
            "storage": self._storage, "pause": self._pause, "stop": self._stop, "allow": self._allow,
            "hours": self._hours, "far": self._far, "key": self._key, "twice": self._twice,
        }  # fmt: skip
        steps[step](number)
        self._note()

    def rest(self) -> None:
        """End all trouble, offer dead letters again, and let the runs of some days come."""
        self._lists(0)
        self._partner(0)
        self._stop(1)
        self._allow(1)
        self.world.graph.before.clear()
        self._unplug()
        self.world.breaker.record_success()
        self._pause(1)
        replay = self.world.dead_letters.start_replay(parse_selection({"all": True}), "admin")
        self.world.time += timedelta(minutes=1)
        self.world.job_runner.run_job(Job(replay.id, "replay"))
        for hours in (0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 12, 12, 12, 0.25, 0.25, 0.25):
            self.world.run(after=hours * HOUR)

    def _book(self, number: int) -> None:
        self.world.booked_by_others(START + number * HOUR)

    def _living(self, number: int) -> str | None:
        near = format_utc(START + FAR / 2)
        near_ones = {each for each, shown in self.truth().items() if shown[2] < near}
        living = [each for each in self.states if each in near_ones]  # in the order in which they were made
        return living[number % len(living)] if living else None

    def _move(self, number: int) -> None:
        if living := self._living(number):
            self.world.moved_by_others(living, start=START + (number % 3) * HOUR)

    def _staff(self, number: int) -> None:
        if living := self._living(number):
            self.world.moved_by_others(living, staffIds=["ada", "bob"][: 1 + number % 2])

    def _cancel(self, number: int) -> None:
        if living := self._living(number):
            self.world.cancelled_by_others(living)

    def _call(self, number: int) -> None:
        """Cancel by a call of the API: an app with a token, so that all is delivered."""
        if living := self._living(number):
            with suppress(RelayError):
                self.world.appointment_changer.cancel(ADDRESS, route_id(living), None, "app", all_customers=True)

    def _lists(self, number: int) -> None:
        for name in ("appointmentListsLack", "appointmentListLagSeconds", "appointmentUnseenSeconds"):
            self.world.switch(**{name: False})
        self.world.switch(**LISTS[number])

    def _partner(self, number: int) -> None:
        status = ANSWERS[number]
        self.world.webhook.failure = None if status is None else NotDelivered(status, f"status {status}")

    def _fault(self, number: int) -> None:
        where = ("GET", "calendarView") if number % 2 else ("GET", self._living(number) or "")
        self.world.graph.before.setdefault(where, []).append(FAULTS[number])

    def _kill(self, number: int) -> None:
        """Kill the process at a call of storage or after a delivery arrived, and go on with a new one."""
        left = [number]

        def die() -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        def stay_dead() -> None:
            if left[0] < 0:  # a killed process does not release its lease either
                raise Killed

        self.world.appointment_rows.before, self.world.lease_rows.before = die, stay_dead
        self.world.webhook.on_delivery = lambda _: die()
        self.world.graph.on_call = die
        try:
            self.world.run()
        except Killed:
            self.world.time += timedelta(minutes=6)
        self._unplug()

    def _unplug(self) -> None:
        self.world.appointment_rows.before = self.world.lease_rows.before = lambda: None
        self.world.webhook.on_delivery = lambda _: None
        self.world.graph.on_call = lambda: None

    def _run(self, number: int) -> None:
        self.world.time += timedelta(minutes=number)
        self._try()

    def _try(self) -> None:
        """Let a run come, which storage may end. What it took from the queue is lost."""
        with suppress(RelayError):
            self.world.run()

    def _storage(self, number: int) -> None:
        """Let three calls of storage fail after some, such as between a delivery and its row."""
        left = [number]

        def fail() -> None:
            left[0] -= 1
            if left[0] == 0:
                self.world.appointment_rows.failing = 3

        self.world.appointment_rows.before = fail
        self._try()
        self.world.appointment_rows.failing = 0
        self._unplug()

    def _twice(self, number: int) -> None:
        """Let another process run while this one waits for an answer of Graph or of the partner."""
        left = [number]

        def other() -> None:
            left[0] -= 1
            if left[0] == 0:
                self.world.appointment_poll.run()
                self.world.send()

        self.world.graph.on_call = other
        self.world.webhook.on_delivery = lambda _: other()
        self._try()
        self._unplug()

    def _pause(self, number: int) -> None:
        act = self.world.pause.resume if number % 2 else self.world.pause.pause
        with suppress(RelayError):
            act("a reason", "admin")

    def _stop(self, number: int) -> None:
        act = self.world.stopping.start if number % 2 else self.world.stopping.stop
        with suppress(RelayError):
            act("a reason", "admin")
        self.world.time += timedelta(minutes=1)  # what a process knows of it is a few seconds old

    def _allow(self, number: int) -> None:
        act = self.world.allow_again if number % 2 else self.world.forbid
        act()

    def _hours(self, number: int) -> None:
        self.world.time += number * HOUR

    def _far(self, number: int) -> None:
        """Move an appointment that was read out of the window, where it stays."""
        living = self._living(number)
        if living and self.world.followed_appointments.of(ADDRESS, living) is not None:
            self.world.moved_by_others(living, start=START + FAR + number * HOUR)

    def _key(self, number: int) -> None:
        """Cancel by a call of the partner's own."""
        if living := self._living(number):
            with suppress(RelayError):
                self.world.appointment_changer.cancel(ADDRESS, route_id(living), None, "key", all_customers=True)
                self.own.add(living)
