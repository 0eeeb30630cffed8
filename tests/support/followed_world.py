"""A world whose Bookings business is followed: others act in Bookings, and time goes by with the runs of the relay."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph import bookings_people
from sandbox.tenant.graph.service import graph_of
from shared.config import Settings
from shared.graph.bookings.ids import seat_of
from shared.messages import Job, read_jobs
from shared.storage.followed.appointments import FollowedAppointment
from tests.support.appointments_world import ADDRESS, AppointmentWorld
from tests.support.fake_queues import FakeJobs
from tests.support.world import SETTINGS

FOLLOWED = {"FEATURES": "bookings", "BOOKINGS_DELIVERIES": ADDRESS}
QUARTER = timedelta(minutes=15)
Shown = tuple[str, tuple[str, ...], str, str]


class TimedJobs(FakeJobs):
    """Keeps each job with the time when it becomes visible."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.now = now
        self.waiting: list[tuple[Job, datetime]] = []

    def put(self, text: str, delay: float = 0) -> None:
        """Keep the jobs of a message."""
        super().put(text, delay)
        self.waiting += [(job, self.now() + timedelta(seconds=delay)) for job in read_jobs(text)]


class FollowedWorld(AppointmentWorld):
    """A followed business, whose first reading is done unless `baseline` is false."""

    work: TimedJobs

    def __init__(self, *, baseline: bool = True, **settings: str) -> None:
        super().__init__(**(FOLLOWED | settings))
        self.work = TimedJobs(self.now)
        if baseline:
            self.appointment_poll.run()

    def booked_by_others(self, start: datetime, service: str = "cut", staff: tuple[str, ...] = ("ada",)) -> str:
        """Make an appointment as a customer does; return Graph's id."""
        given = {"serviceId": service, "start": start.isoformat(), "staffIds": list(staff)}
        return str(bookings_people.book(graph_of(self.tenant), self.business, given)["id"])

    def moved_by_others(self, appointment_id: str, **given: Any) -> None:
        """Change an appointment as staff does: start (a time), staffIds, serviceId."""
        texts = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in given.items()}
        bookings_people.move(graph_of(self.tenant), self.business, appointment_id, texts)

    def cancelled_by_others(self, appointment_id: str) -> None:
        """Cancel an appointment as staff does."""
        bookings_people.cancel(graph_of(self.tenant), self.business, appointment_id)

    def run(self, after: timedelta = QUARTER) -> None:
        """Let time go by, run the timer, and then the jobs that are due."""
        self.time += after
        self.appointment_poll.run()
        self.send()

    def send(self) -> list[str]:
        """Run the jobs that are due now; return their results."""
        results = []
        while due := [each for each in self.work.waiting if each[1] <= self.time]:
            self.work.waiting.remove(due[0])
            results.append(self.job_runner.run_job(due[0][0], self.work))
        return results

    def forbid(self) -> None:
        """Take the business off ALLOWED_MAILBOXES, as if the process had started anew."""
        self._restart(ALLOWED_MAILBOXES="@fabrikam.com")

    def allow_again(self) -> None:
        """Put the business back on ALLOWED_MAILBOXES."""
        self._restart()

    def unfollow(self) -> None:
        """Take the business off BOOKINGS_DELIVERIES, as if the process had started anew."""
        self._restart(BOOKINGS_DELIVERIES="")

    def set_followed(self, businesses: str) -> None:
        """Set BOOKINGS_DELIVERIES, as if the process had started anew."""
        self._restart(BOOKINGS_DELIVERIES=businesses)

    def _restart(self, **settings: str) -> None:
        self.settings = Settings.load(SETTINGS | FOLLOWED | settings)
        for part in ("permission", "allow_list", "appointment_poll", "appointment_backlog", "outbox"):
            self.__dict__.pop(part, None)

    @property
    def delivered(self) -> list[tuple[str, str]]:
        """The deliveries that the partner took: the last part of the type, and Graph's id of the appointment."""
        return [(body["type"].rpartition(".")[2], _graph_id(body)) for _, body in self.webhook.taken]

    @property
    def replica(self) -> dict[str, Shown]:
        """The living appointments as the deliveries told them, the last state of each."""
        living: dict[str, Shown] = {}
        for _, body in self.webhook.taken:
            kind, appointment_id, shown = self.shown_in(body)
            living[appointment_id] = shown
            if kind == "cancelled":
                del living[appointment_id]
        return living

    @staticmethod
    def parsed(body: str) -> dict[str, Any]:
        """Return the JSON of a delivery."""
        content: dict[str, Any] = json.loads(body)
        return content

    @staticmethod
    def shown_in(body: dict[str, Any]) -> tuple[str, str, Shown]:
        """Return the last part of a delivery's type, Graph's id of its appointment, and the state."""
        state = body["data"]["appointment"]
        shown = state["serviceId"], tuple(state["staffIds"]), state["start"], state["end"]
        return body["type"].rpartition(".")[2], _graph_id(body), shown

    def row(self, appointment_id: str) -> FollowedAppointment:
        """Return the row of an appointment."""
        row = self.followed_appointments.of(ADDRESS, appointment_id)
        assert isinstance(row, FollowedAppointment)
        return row


def _graph_id(body: dict[str, Any]) -> str:
    return seat_of(body["data"]["appointment"]["id"]).appointment
