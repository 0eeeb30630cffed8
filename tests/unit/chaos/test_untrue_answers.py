"""The untrue answers of a chaos run: each is given for a time, about few rooms, and none is left at the end."""

from __future__ import annotations

import random
from typing import Any

import requests

from sandbox.tenant.graph.lies import Lies
from sandbox.tenant.graph.settings import DEFAULTS
from tests.chaos.lies import KINDS
from tests.chaos.untrue_answers import AT_ONCE, SHARE, UntrueAnswers, drawn_rooms

ROOMS = [f"room{number}@contoso.com" for number in range(40)]
LIED = drawn_rooms(ROOMS, random.Random(2))
TRUTH = Lies().model_dump(by_alias=True)


class Tenant:
    """The control routes of a tenant in memory, with one subscription a room: `s` and its address."""

    def __init__(self) -> None:
        self.lies, self.settings = dict(TRUTH), dict(DEFAULTS)
        self.faults: dict[str, Any] = {}
        self.bodies: list[dict[str, Any]] = []
        self.events: list[tuple[str, str]] = []

    def control(self, method: str, path: str, body: Any) -> Any:
        """Answer a call."""
        if path == "/subscriptions":
            return {"value": [{"id": f"s{room}", "mailbox": room} for room in ROOMS]}
        if path == "/calls":
            return {"GET /subscriptions/{id}": len(self.events)}
        if path.startswith("/faults"):
            return self._fault(method, path, body)
        if path == "/lifecycle":
            self.events.append((body["lifecycleEvent"], body["subscriptionId"]))
        if path in ("/lies", "/settings"):
            (self.lies if path == "/lies" else self.settings).update(body)
            self.bodies.append(body)
        return None

    def _fault(self, method: str, path: str, body: Any) -> Any:
        if method == "DELETE":
            return self.faults.pop(path.rpartition("/")[2])
        self.faults[str(len(self.events))] = body
        return {"id": str(len(self.events))}


def played(tenant: Tenant, rounds: int = 1, *, quick: bool = False, is_host_up: bool = True) -> UntrueAnswers:
    """Tell all lies without a wait, some times, and return the activity."""

    def run_timer() -> None:
        if answers.given.total() >= rounds * number:
            answers.stopped.set()
        if not is_host_up:
            raise requests.ConnectionError

    kinds = [lie for lie in KINDS if lie.is_quick or not quick]
    answers = UntrueAnswers(kinds, LIED, tenant.control, run_timer, random.Random(1), 0.0)
    number = len(kinds)
    answers.work()
    return answers


def test_each_lie_is_given_in_each_round_and_none_is_left() -> None:
    """Lies, settings and faults are as before."""
    tenant = Tenant()
    answers = played(tenant, rounds=2)
    assert answers.given == {lie.name: 2 for lie in KINDS}
    assert (tenant.lies, tenant.settings, tenant.faults) == (TRUTH, DEFAULTS, {})


def test_only_some_rooms_are_concerned() -> None:
    """A quarter of all, three by one lie."""
    tenant = Tenant()
    played(tenant, rounds=3)
    assert len(LIED) == len(ROOMS) // SHARE
    assert {subscription[1:] for _, subscription in tenant.events} <= set(LIED)
    concerned = [body[key] for body in tenant.bodies for key in ("notFound", "silent") if body.get(key)]
    assert {len(ids) for ids in concerned} == {AT_ONCE}


def test_graph_notifies_of_what_it_removes_and_of_what_was_missed() -> None:
    """So that the relay asks during a lie, and repairs after it."""
    tenant = Tenant()
    played(tenant)
    assert {event for event, _ in tenant.events} == {"reauthorizationRequired", "subscriptionRemoved", "missed"}


def test_quick_lies_cost_no_subscription() -> None:
    """They are given in a run of some seconds: nothing is removed, silent or denied."""
    tenant = Tenant()
    answers = played(tenant, quick=True)
    assert {event for event, _ in tenant.events} == {"reauthorizationRequired"}
    assert not {"404, then 403", "200 and silent", "429 for one", "twins", "403 for all"} & answers.given.keys()


def test_a_host_that_is_killed_stops_no_lie() -> None:
    """Its timer cannot be run."""
    assert played(Tenant(), is_host_up=False).given == {lie.name: 1 for lie in KINDS}
