"""Every route of the contract while the relay is stopped, called as the host calls it."""

from __future__ import annotations

import asyncio
import json
import re
from threading import Event
from typing import Any

import azure.functions as func
import pytest

from function_app import RELAY as MODULES
from functions import health
from functions.features import feature_modules
from shared.auth.caller import ADMIN, READ, SETUP
from shared.features import FEATURES
from shared.graph.client_state import new_nonce, sign
from tests.support.minting import RELAY, TENANT, token
from tests.support.world import MAILBOX, OLD, WATCH_ID
from tests.unit.functions.conftest import HostWorld, Out, call, content_of
from tools.openapi.operation import WITH_KEY, Operation
from tools.openapi.routes import operations

ALL = (*MODULES, *feature_modules({"FEATURES": ",".join(each.name for each in FEATURES)}))
HANDLERS: dict[str, Any] = {
    builder._function.get_function_name(): builder._function.get_user_function()
    for module in ALL
    for builder in module.blueprint._function_builders
}
PROTECTED = [each for each in operations() if each.caller in WITH_KEY]
ANONYMOUS = {each.function for each in operations(entra=False)} - {each.function for each in PROTECTED}
ADMINISTRATORS = [each for each in PROTECTED if each.caller == "operations"]
# The doctor makes real calls; tests/unit/doctor shows what it leaves out while the relay is stopped.
WITHOUT_DOCTOR = [each for each in ADMINISTRATORS if each.function.removesuffix("_entra") != "examine_relay"]
OTHERS = [each for each in PROTECTED if each not in ADMINISTRATORS]
STOPPED = (503, "stopped")
# What an administrator's token reads of the relay itself. All else on these routes would use a mailbox.
OF_THE_RELAY = (
    "list_subscriptions", "query_subscriptions", "get_subscription", "delete_subscription", "list_room_lists",
    "get_room_list", "delete_room_list", "health_checks",
)  # fmt: skip
BODY = {
    "create_subscription": {"mailbox": MAILBOX}, "create_calendar": {"name": "A"}, "cancel_event": {"comment": "x"},
    "search_booking_customers": {"search": "abc"}, "query_subscriptions": {"mailboxes": [MAILBOX]},
    "create_room_list": {"roomList": "building1@contoso.com"},
    "query_slots": {"from": "2026-11-20T10:00:00Z", "to": "2026-11-21T10:00:00Z", "duration": 30},
    "query_booking_availability": {"from": "2026-11-20T10:00:00Z", "to": "2026-11-21T10:00:00Z"},
}  # fmt: skip


PARAMETERS = {"start": "2026-11-20T10:00:00Z", "end": "2026-11-21T10:00:00Z", "name": "shop"}


@pytest.fixture
def stopped(world: HostWorld, monkeypatch: pytest.MonkeyPatch) -> HostWorld:
    """Return a world that was stopped, with every feature."""
    for module in ALL:
        if hasattr(module, "relay"):
            monkeypatch.setattr(module, "relay", lambda: world)
    changes = {"tenant_id": TENANT, "client_id": RELAY, "features": "calendars,scheduling,bookings"}
    world.settings = world.settings.model_copy(update=changes)
    world.watch()
    world.stopping.stop("an incident", "app")
    world.jobs.take_jobs()
    return world


def answer_of(operation: Operation, **headers: str) -> func.HttpResponse:
    """Call a route as the host does."""
    name = operation.function.removesuffix("_entra")
    parameters = dict.fromkeys(re.findall(r"\{(\w+)\}", operation.route), "0" * 32)
    route_params = parameters | {"mailbox": MAILBOX, "business": "shop@contoso.com"}
    request = func.HttpRequest(
        operation.method.upper(), "https://relay.example/x", headers=headers, route_params=route_params,
        params={name: text for name, text in PARAMETERS.items() if name in {each.name for each in operation.query}},
        body=json.dumps(BODY.get(name, {"reason": "why"} if operation in ADMINISTRATORS else {})).encode(),
    )  # fmt: skip
    answer: func.HttpResponse = HANDLERS[operation.function](request)
    return answer


def code_of(answer: func.HttpResponse) -> tuple[int, str]:
    """Return status and problem code."""
    content = json.loads(answer.get_body() or b"{}")
    return answer.status_code, content.get("code", "")


def sent(operation: Operation, role: str) -> tuple[int, str]:
    """Return the answer to a token with a role, or to a key of that level."""
    bearer = {"authorization": f"Bearer {token(roles=[role])}"} if operation.by_token else {}
    return code_of(answer_of(operation, **bearer))


@pytest.mark.parametrize("operation", OTHERS, ids=lambda each: each.function)
def test_every_route_for_callers_says_that_it_is_stopped(stopped: HostWorld, operation: Operation) -> None:
    """With a function key, and with each role below Relay.Admin; only the health checks say it with 200 or 503."""
    for role in (READ, SETUP):
        answer = sent(operation, role)
        if operation.function.startswith("health_checks"):
            assert answer[1] == ""
        elif answer != (403, "role_missing"):
            assert answer == STOPPED, role
    assert (stopped.subscriptions.calls, stopped.events.reads, stopped.jobs.take_jobs()) == ([], [], [])


@pytest.mark.parametrize("operation", [each for each in OTHERS if each.by_token], ids=lambda each: each.function)
def test_an_administrator_reads_the_relay_and_no_calendar(stopped: HostWorld, operation: Operation) -> None:
    """Relay.Admin passes the door; what would use a mailbox is refused behind it."""
    status, code = sent(operation, ADMIN)
    if operation.function.removesuffix("_entra") in OF_THE_RELAY:
        assert code != "stopped"
    else:
        assert (status, code) == STOPPED or status in (400, 422), (status, code)  # a body that is refused first
    assert stopped.events.reads == []


@pytest.mark.parametrize("operation", WITHOUT_DOCTOR, ids=lambda each: each.function)
def test_every_route_of_administrators_is_open(stopped: HostWorld, operation: Operation) -> None:
    """Whoever stopped the relay can read its state, and start it."""
    assert sent(operation, ADMIN)[1] != "stopped"


def test_the_routes_are_all_of_the_contract() -> None:
    """A route that is added is walked."""
    names = {each.function for each in (*OTHERS, *ADMINISTRATORS)} | ANONYMOUS
    assert names == {each.function for each in operations()}
    of_graph = {"receive_notifications", "receive_lifecycle_events"}
    of_dataverse = {"receive_bookings"}  # tests/unit/dataverse_hooks
    assert of_graph | of_dataverse | {"health", "openapi", "version", "get_problem"} == ANONYMOUS


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("lifecycle", [{}, {"lifecycleEvent": "missed", "subscriptionId": "s"}])
def test_notifications_are_answered_202_and_not_queued(stopped: HostWorld, lifecycle: Any, cached: object) -> None:
    """Graph is content, and keeps the subscriptions that the relay did not delete; also before the stop is known."""
    from functions.notifications import receive

    if not cached:
        stopped.pass_by(60)
    item = {"changeType": "updated", "clientState": sign(WATCH_ID, OLD, "relay", new_nonce()), "tenantId": TENANT,
            "resource": "Users/u/Events/E", "resourceData": {"id": "E"}, **lifecycle}  # fmt: skip
    body, outs = json.dumps({"value": [item]}).encode(), (Out(), Out())
    url, headers = "https://relay.example/api/notifications", {"content-type": "application/json"}
    answer = asyncio.run(receive(func.HttpRequest("POST", url, headers=headers, body=body), *outs))
    assert (answer.status_code, answer.get_body(), [out.messages for out in outs]) == (202, b"", [[], []])
    handshake = func.HttpRequest("POST", url + "?validationToken=abc", headers=headers, body=b"")
    assert asyncio.run(receive(handshake, *outs)).get_body() == b"abc"
    stopped.stopping.start("solved", "app")
    asyncio.run(receive(func.HttpRequest("POST", url, headers=headers, body=body), *outs))
    assert any(out.messages for out in outs)


def test_items_are_queued_while_the_stop_is_unknown(stopped: HostWorld) -> None:
    """202 is not withheld, and nothing is lost; before the event is read, the stop is asked again."""
    from functions.notifications import receive

    stopped.pass_by(3600)
    stopped.rows.failing = 1
    item = {"changeType": "updated", "clientState": sign(WATCH_ID, OLD, "relay", new_nonce()), "tenantId": TENANT,
            "resource": "Users/u/Events/E", "resourceData": {"id": "E"}}  # fmt: skip
    headers, outs = {"content-type": "application/json"}, (Out(), Out())
    body = json.dumps({"value": [item]}).encode()
    request = func.HttpRequest("POST", "https://relay.example/x", headers=headers, body=body)
    assert asyncio.run(receive(request, *outs)).status_code == 202
    assert len(outs[0].messages) == 1


def test_items_are_queued_while_storage_hangs(stopped: HostWorld) -> None:
    """Graph gets its 202 in time: one call waits for a second, the others do not wait, and no more threads are held."""
    from functions.notifications import STOP_SECONDS, receive

    stopped.pass_by(3600)
    hangs, calls = Event(), list[str]()

    def hang() -> None:
        calls.append("read")
        hangs.wait(60)

    stopped.rows.before = hang
    item = {"changeType": "updated", "clientState": sign(WATCH_ID, OLD, "relay", new_nonce()), "tenantId": TENANT,
            "resource": "Users/u/Events/E", "resourceData": {"id": "E"}}  # fmt: skip
    headers, body = {"content-type": "application/json"}, json.dumps({"value": [item]}).encode()
    outs = [(Out(), Out()) for _ in range(40)]

    async def flood() -> None:
        requests = [func.HttpRequest("POST", "https://relay.example/x", headers=headers, body=body) for _ in outs]
        try:
            await asyncio.gather(*(receive(each, *out) for each, out in zip(requests, outs, strict=True)))
        finally:
            hangs.set()

    asyncio.run(flood())
    assert STOP_SECONDS <= 1
    assert ([len(changes.messages) for changes, _ in outs], calls) == ([1] * 40, ["read"])


def test_a_forged_item_costs_no_read_of_the_stop(stopped: HostWorld) -> None:
    """Only who proves to be Graph makes the relay look."""
    from functions.notifications import receive

    stopped.pass_by(60)
    calls: list[str] = []
    stopped.rows.before = lambda: calls.append("storage")
    headers = {"content-type": "application/json"}
    body = json.dumps({"value": [{"clientState": "x"}]}).encode()
    asyncio.run(receive(func.HttpRequest("POST", "https://relay.example/x", headers=headers, body=body), Out(), Out()))
    assert calls == []


def test_health_is_200_stopped(stopped: HostWorld) -> None:
    """Anybody's monitoring sees that it is intended; after the start it is up or down again."""
    answer = call(health.health, "GET")
    assert (answer.status_code, content_of(answer)) == (200, {"status": "stopped"})
    stopped.stopping.start("solved", "app")
    del stopped.vital_memory  # as another process
    assert content_of(call(health.health, "GET"))["status"] in ("up", "down")


def test_the_state_says_since_when_and_why(stopped: HostWorld) -> None:
    """Until it is started."""
    from functions.relay_state import get_relay, start_relay, stop_relay

    content = content_of(call(get_relay, "GET"))
    assert (content["stoppedSince"], content["stopReason"]) == ("2026-11-20T10:00:00Z", "an incident")
    content = content_of(call(start_relay, body={"reason": "solved"}))
    assert (content["stoppedSince"], content["stopReason"]) == (None, None)
    assert content_of(call(stop_relay, body={"reason": "again"}))["stopReason"] == "again"
    assert call(stop_relay, body={}).status_code == 422
