"""Whatever others do, lists hide, kills end and the partner answers: at rest its picture is that of the business."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.tenant.graph.bookings_reads import appointment_json
from shared.errors import RelayError
from shared.graph.bookings.ids import route_id
from shared.graph.bookings.parse import appointment_of
from shared.partner.webhook import NotDelivered
from shared.utc import format_utc
from tests.support.appointments_world import ADDRESS, NOON, lost, raising
from tests.support.followed_world import FollowedWorld, Shown

HOUR = timedelta(hours=1)
START = NOON + timedelta(days=3)
NUMBERS = st.integers(0, 7)
STEPS = st.one_of(
    st.tuples(st.just("book"), NUMBERS), st.tuples(st.just("move"), NUMBERS), st.tuples(st.just("staff"), NUMBERS),
    st.tuples(st.just("cancel"), NUMBERS), st.tuples(st.just("call"), NUMBERS), st.tuples(st.just("lists"), NUMBERS),
    st.tuples(st.just("partner"), NUMBERS), st.tuples(st.just("kill"), st.integers(0, 30)),
    st.tuples(st.just("fault"), NUMBERS), st.tuples(st.just("run"), NUMBERS), st.tuples(st.just("run"), NUMBERS),
)  # fmt: skip
LISTS: list[dict[str, Any]] = [
    {}, {"appointmentListsLack": "half"}, {"appointmentListsLack": "all"}, {"appointmentListLagSeconds": 120.0},
    {"appointmentUnseenSeconds": 30.0}, {"listsWithoutCustomers": True}, {"slashesInIds": True},
    {"appointmentListLagSeconds": True},
]  # fmt: skip
ANSWERS = (None, None, None, 500, 503, 429, 0, 408)
FAULTS = (lost, raising(500), raising(503, "ServiceUnavailable"), raising(429, "TooManyRequests"),
          raising(404, "MailboxNotEnabledForRESTAPI"), raising(404, "ErrorItemNotFound"), lost,
          raising(403))  # fmt: skip


class Killed(BaseException):
    """The process ends here."""


class Story:
    """A world in which steps are taken; what the partner believes begins with what the first reading showed."""

    def __init__(self) -> None:
        self.world = FollowedWorld(baseline=False)
        self.booked = [self.world.booked_by_others(START)]
        self.world.run()
        self.before = self.truth()
        self.world.webhook.on_arrival = self._check
        self.wrong: list[str] = []

    def take(self, step: str, number: int) -> None:
        """Take a step."""
        steps: dict[str, Callable[[int], None]] = {
            "book": self._book, "move": self._move, "staff": self._staff, "cancel": self._cancel, "call": self._call,
            "lists": self._lists, "partner": self._partner, "kill": self._kill, "fault": self._fault, "run": self._run,
        }  # fmt: skip
        steps[step](number)

    def rest(self) -> None:
        """End all trouble, and let the runs of two hours come."""
        self._lists(0)
        self._partner(0)
        self.world.graph.before.clear()
        self._unplug()
        self.world.breaker.record_success()
        self.world.pause.resume("rest", "admin")
        for _ in range(10):
            self.world.run()
            self.world.time += timedelta(minutes=3)
            self.world.send()

    def truth(self) -> dict[str, Shown]:
        """Return the appointments as the business has them."""
        found = [appointment_of(appointment_json(each)) for each in self.world.business.appointments.values()]
        return {
            each.id: (each.service_id, tuple(sorted(each.staff_ids)), format_utc(each.start), format_utc(each.end))
            for each in found
        }

    def replica(self) -> dict[str, Shown]:
        """Return what the partner believes: the first list, each delivery, and the responses to its own calls."""
        believed = dict(self.before)
        for _, kind, appointment_id, shown in sorted(self.news, key=lambda each: each[0]):
            if kind == "cancelled":
                believed.pop(appointment_id, None)
            else:
                believed[appointment_id] = shown
        return believed

    @property
    def news(self) -> list[tuple[int, str, str, Shown]]:
        """The deliveries that were taken, in their order."""
        return [(number, *self.world.shown_in(body)) for number, (_, body) in enumerate(self.world.webhook.taken)]

    def _check(self, _: str, body: str) -> None:
        kind, appointment_id, _shown = self.world.shown_in(self.world.parsed(body))
        if kind == "cancelled" and appointment_id in self.world.business.appointments:
            self.wrong.append(f"{appointment_id} was told as cancelled, and stands")

    def _book(self, number: int) -> None:
        self.booked.append(self.world.booked_by_others(START + number * HOUR))

    def _living(self, number: int) -> str | None:
        living = sorted(self.world.business.appointments)
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
            try:
                self.world.appointment_changer.cancel(ADDRESS, route_id(living), None, "app", all_customers=True)
            except RelayError:
                return

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
        try:
            self.world.run()
        except Killed:
            self.world.time += timedelta(minutes=6)
        self._unplug()

    def _unplug(self) -> None:
        self.world.appointment_rows.before = self.world.lease_rows.before = lambda: None
        self.world.webhook.on_delivery = lambda _: None

    def _run(self, number: int) -> None:
        self.world.time += timedelta(minutes=number)
        self.world.run()


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_at_rest_the_partner_has_what_the_business_has(steps: list[tuple[str, int]]) -> None:
    """And on the way nothing that stands is told as cancelled."""
    story = Story()
    try:
        for step, number in steps:
            story.take(step, number)
        story.rest()
        assert story.wrong == []
        assert story.replica() == story.truth()
    finally:
        story.world.end()
