"""A world with Microsoft Bookings: the sandbox's own, called without a network, on a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from multidict import CIMultiDict

from sandbox.tenant.clock import Clock
from sandbox.tenant.graph import bookings
from sandbox.tenant.graph.bookings_store import BookingBusiness, new_business
from sandbox.tenant.graph.call import Call
from sandbox.tenant.graph.dispatch import perform
from sandbox.tenant.graph.errors import GraphError as SandboxGraphError
from sandbox.tenant.graph.service import graph_of
from sandbox.tenant.state import Client, Tenant
from sandbox.tenant.tokens import GRAPH
from shared.bookings.requests import AppointmentChange, AppointmentRequest, parse
from shared.errors import GraphUnavailable, RequestRejected
from shared.graph.answers import error_of
from shared.graph.bookings.models import Appointment
from shared.graph.client import GraphClient
from shared.storage.leases import Leases
from tests.support.table import FakeTable
from tests.support.world import START, World

ADDRESS = "haircut@contoso.com"
CUT = {"id": "cut", "displayName": "Haircut", "preBuffer": "PT5M", "postBuffer": "PT10M",
       "staffMemberIds": ["ada", "bob"]}  # fmt: skip
COURSE = {"id": "course", "displayName": "Course", "maximumAttendeesCount": 3, "isLocationOnline": True}
STAFF = [{"id": "ada", "displayName": "Ada", "emailAddress": "ada@contoso.com"}, {"id": "bob", "displayName": "Bob"},
         {"id": "cid", "displayName": "Cid"}]  # fmt: skip
ALL = {"Bookings.Read.All", "BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All"}
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday, four days after the world's start
Fault = Callable[[], None]


class WorldClock(Clock):
    """The world's clock as the tenant's clock."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def now(self) -> datetime:
        """Return the time."""
        return self._world.time


class SandboxGraph(GraphClient):
    """Stands in for GraphClient and carries calls out in the sandbox.

    `before` and `after` are faults by method and the last step of the path; each runs once. `on_call` runs before and
    after each call.
    """

    def __init__(self, tenant: Tenant, client: Client) -> None:
        self._tenant, self._client = tenant, client
        self.before: dict[tuple[str, str], list[Fault]] = {}
        self.after: dict[tuple[str, str], list[Fault]] = {}
        self.calls: list[str] = []
        self.on_call: Fault = lambda: None

    def call(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None, **_: Any
    ) -> dict[str, Any]:
        """Carry a call out, or raise the exception for Graph's error."""
        steps = [unquote(step) for step in path.strip("/").split("/")]
        self.calls.append(f"{method} {'/'.join(steps[3:]) or steps[-1]}")
        self.on_call()
        self._fail(self.before, method, steps[-1])
        token, _expiry = self._tenant.tokens.issue(self._client, GRAPH)
        call = Call(method, steps, list((params or {}).items()), CIMultiDict(Authorization=f"Bearer {token}"), body)
        try:
            response = asyncio.run(perform(graph_of(self._tenant), call, bookings.ENDPOINTS))
        except SandboxGraphError as error:
            content = error.body(START, "request", "client")
            raise error_of(error.status, content, {"request-id": "request", **error.headers}) from None
        self._fail(self.after, method, steps[-1])
        self.on_call()
        assert response.body is None or isinstance(response.body, dict)
        return dict(response.body or {})

    def pages(
        self,
        path: str,
        params: Mapping[str, str],
        prefer: str | None = None,  # noqa: ARG002
        read: Callable[[Callable[[], dict[str, Any]]], dict[str, Any]] = lambda page: page(),
        most: int = 1,  # noqa: ARG002
        seconds: float = 0.0,  # noqa: ARG002
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of the only page."""
        yield from read(lambda: self.call("GET", path, params=params))["value"]

    def _fail(self, faults: dict[tuple[str, str], list[Fault]], method: str, step: str) -> None:
        waiting = faults.get((method, step), [])
        if waiting:
            waiting.pop(0)()


def raising(status: int = 500, code: str = "UnknownError") -> Fault:
    """Return a fault: an error response of Graph."""

    def fail() -> None:
        raise error_of(status, {"error": {"code": code}}, {"request-id": "request"})

    return fail


def lost() -> None:
    """Raise the error for a lost response."""
    raise GraphUnavailable(0, "NoAnswer.ReadTimeout")


class AppointmentWorld(World):
    """A world with one business that is open from 8 to 17 in Oslo on working days."""

    def __init__(self, **settings: str) -> None:
        self.tenant = Tenant("tenant", Path("/nowhere"), settings={"latencySeconds": 0})
        self.tenant.clock = WorldClock(self)
        self.client = Client("relay", set(ALL))
        self.tenant.clients["relay"] = self.client
        self.lease_rows, self.record_rows = FakeTable(), FakeTable()
        leases = Leases(lambda: self.lease_rows, clock=lambda: self.time.timestamp())  # noqa: PLW0108  (the time moves)
        super().__init__(
            {"graph": SandboxGraph(self.tenant, self.client), "leases": leases, "attempts_table": self.record_rows},
            **settings,
        )
        self.business = self.add(services=[CUT, COURSE])

    if TYPE_CHECKING:  # the part that is a fake here
        graph: SandboxGraph

    def add(self, address: str = ADDRESS, name: str = "Haircut & Co", **given: Any) -> BookingBusiness:
        """Add a business."""
        customers = [{"id": "kari", "displayName": "Kari", "emailAddress": "Kari@contoso.com"}]
        business = new_business(
            {"address": address, "displayName": name, "staff": STAFF, "customers": customers, **given}
        )
        graph_of(self.tenant).bookings[address.lower()] = business
        return business

    def book(self, business: str = ADDRESS, caller: str = "", **changes: Any) -> tuple[Appointment, bool]:
        """Create an appointment: a haircut for Ola at noon, unless `changes` say otherwise."""
        return self.appointment_creator.create(business, appointment_request(**changes), caller)

    def change(self, appointment_id: str, **changes: Any) -> Appointment:
        """Change an appointment."""
        return self.appointment_changer.change(ADDRESS, appointment_id, parse(AppointmentChange, changes))

    def refusal(self, business: str = ADDRESS, **changes: Any) -> tuple[int, str]:
        """Return status and code of the rejection of a booking."""
        return refusal_of(lambda: self.book(business, **changes))

    def switch(self, **behaviours: Any) -> None:
        """Switch behaviours of Bookings on."""
        for name, value in behaviours.items():
            graph_of(self.tenant).switches.switch(name, value)

    def change_in_bookings(self, appointment_id: str, **changes: Any) -> None:
        """Change an appointment as people do in Bookings."""
        changed = {**self.business.appointments[appointment_id], **changes}
        self.business.put(changed, self.time, timedelta())

    def delete_in_bookings(self, appointment_id: str) -> None:
        """Delete an appointment as people do in Bookings."""
        self.business.remove(appointment_id, self.time, timedelta())

    @property
    def booked(self) -> list[dict[str, Any]]:
        """The appointments in Bookings."""
        return list(self.business.appointments.values())


def refusal_of(call: Callable[[], Any]) -> tuple[int, str]:
    """Return status and code of the rejection of a call."""
    with pytest.raises(RequestRejected) as caught:
        call()
    return caught.value.status, caught.value.problem.code


def customer(name: str) -> dict[str, str]:
    """Return a customer of this name."""
    return {"name": name, "email": f"{name.lower()}@contoso.com"}


def appointment_request(**changes: Any) -> AppointmentRequest:
    """Return a caller's request: a haircut for Ola at noon."""
    body = {"service": "Haircut", "start": "2026-11-24T12:00:00Z", **changes}
    body.setdefault("customer", {"name": "Ola", "email": "Ola@contoso.com"})
    return parse(AppointmentRequest, body)


def minutes(number: float) -> timedelta:
    """Return a number of minutes."""
    return timedelta(minutes=number)
