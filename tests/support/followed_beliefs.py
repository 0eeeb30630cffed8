"""What a followed business really has, what the partner believes of it, and what is wrong with a delivery."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph.bookings_reads import appointment_json
from shared.bookings.deliveries.states import SECOND_LOOK
from shared.graph.bookings.parse import appointment_of
from shared.utc import format_utc
from tests.support.appointments_world import NOON
from tests.support.followed_world import FollowedWorld, Shown

HOUR = timedelta(hours=1)
START = NOON + timedelta(days=20)  # later than any story lasts


class FollowedBeliefs:
    """What the partner believes begins with what the first reading showed."""

    def __init__(self) -> None:
        self.world = FollowedWorld(baseline=False)
        self.states: dict[str, set[Shown]] = defaultdict(set)  # that the business ever had, by appointment
        self.gone: dict[str, datetime] = {}
        self.own: set[str] = set()  # what the partner cancelled by calls that succeeded
        self.arrived: dict[str, str] = {}  # the bodies by webhook-id, answered or not
        self.wrong: list[str] = []
        self.world.booked_by_others(START)
        self.world.time += HOUR
        self._note()
        self.world.run()
        self.before = self.truth()
        self.world.webhook.on_arrival = self._check

    def truth(self) -> dict[str, Shown]:
        """Return the appointments as the business has them."""
        found = [appointment_of(appointment_json(each)) for each in self.world.business.appointments.values()]
        return {
            each.id: (each.service_id, tuple(sorted(each.staff_ids)), format_utc(each.start), format_utc(each.end))
            for each in found
        }

    def replica(self) -> dict[str, Shown]:
        """Return what the partner believes: the first list, then the state with the latest timestamp of each
        appointment, and the responses to its own calls.
        """
        return self._believed([body for _, body in self.world.webhook.taken])

    def replica_of_arrivals(self) -> dict[str, Shown]:
        """Return what a partner believes that also keeps what it received and did not answer with success."""
        return self._believed([self.world.parsed(body) for body in self.arrived.values()])

    def _believed(self, bodies: list[dict[str, Any]]) -> dict[str, Shown]:
        believed = dict(self.before)
        for body in sorted(bodies, key=lambda each: str(each["timestamp"])):
            kind, appointment_id, shown = self.world.shown_in(body)
            if kind == "cancelled":
                believed.pop(appointment_id, None)
            else:
                believed[appointment_id] = shown
        return {each: shown for each, shown in believed.items() if each not in self.own}

    def _note(self) -> None:
        """Note what the business has now."""
        truth = self.truth()
        for each, shown in truth.items():
            self.states[each].add(shown)
        for each in self.states.keys() - truth.keys() - self.gone.keys():
            self.gone[each] = self.world.time

    def _check(self, message_id: str, body: str) -> None:
        """Note what is wrong with a delivery that arrives."""
        content = self.world.parsed(body)
        kind, appointment_id, shown = self.world.shown_in(content)
        if self.arrived.setdefault(message_id, body) != body:
            self.wrong.append(f"{message_id} has two bodies")
        if shown not in self.states[appointment_id] | self.truth_of(appointment_id):
            self.wrong.append(f"{appointment_id} never was so")
        if kind == "cancelled" and self.world.time - self.gone.get(appointment_id, self.world.time) < SECOND_LOOK:
            self.wrong.append(f"{appointment_id} was told as cancelled without a second look")
        others = [self.world.parsed(each) for other, each in self.arrived.items() if other != message_id]
        if any(content["timestamp"] == each["timestamp"] for each in others if _id_in(each) == _id_in(content)):
            self.wrong.append(f"{appointment_id} has two states of one moment")

    def truth_of(self, appointment_id: str) -> set[Shown]:
        """Return the state that an appointment has now, if it stands."""
        return {shown for each, shown in self.truth().items() if each == appointment_id}


def _id_in(body: dict[str, Any]) -> str:
    return str(body["data"]["appointment"]["id"])
