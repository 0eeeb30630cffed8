"""Claims about the feature bookings on the running stack: the answers are the contract's, and nothing is made twice."""

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.demo.canaries import Canaries, found_below, found_in
from sandbox.process import ROOT
from sandbox.stack import Stack
from tests.support.relay import Relay

ROLES = ["Bookings.Read.All", "BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All"]
ADDRESS = "workshop@contoso.com"
BUSINESS = {
    "address": ADDRESS, "displayName": "Workshop & Co", "timeZone": "UTC",
    "services": [{"id": "repair", "displayName": "Repair", "postBuffer": "PT15M"}],
    "staff": [{"id": f"staff{number}", "displayName": f"Staff {number}"} for number in range(60)],
    "customers": [{"displayName": "Kari", "emailAddress": "kari@contoso.com"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack whose customer has switched bookings on and allows the workshop."""
    with Stack(tmp_path_factory.mktemp("bookings"), {"FEATURES": "bookings"}) as stack:
        stack.tenant.control("POST", f"/clients/{stack.seed['clients'][0]['clientId']}", {"roles": ROLES})
        stack.tenant.control("POST", "/bookings", BUSINESS)
        yield Relay(stack)


@pytest.fixture
def relay(running: Relay) -> Iterator[Relay]:
    """Give the stack; what a test planted is taken away after it."""
    yield running
    running.clear()


def at(hour: float) -> str:
    """Return an hour of a working day to come."""
    day = datetime.now(UTC) + timedelta(days=3)
    day += timedelta(days=-day.weekday() % 7 if day.weekday() > 4 else 0)
    return f"{day.replace(hour=0, minute=0, second=0) + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"


def appointment_at(hour: float, **changes: Any) -> dict[str, Any]:
    """Return an appointment of a customer of its own."""
    email = f"customer-{uuid.uuid4().hex[:8]}@contoso.com"
    return {"service": "Repair", "start": at(hour), "customer": {"name": "Ola", "email": email}, **changes}


def booked_ids(relay: Relay, body: dict[str, Any]) -> list[str]:
    """Return the ids of the appointments that a customer has in Bookings."""
    truth = relay.tenant.control("GET", f"/bookings/{ADDRESS}")["appointments"]
    email = body["customer"]["email"]
    return [one["id"] for one in truth if any(other["emailAddress"] == email for other in one["customers"])]


def test_everything_can_be_asked_for_by_name(relay: Relay) -> None:
    """At both doors; the client holds every answer to the document."""
    token = relay.token("Relay.Read")
    window = f"from={at(0)}&to={at(24)}"
    for path in ("?name=shop", "/Workshop & Co", "/workshop@contoso.com/services", "/workshop & co/staff",
                 f"/{ADDRESS}/availability?{window}&staff=Staff 1",
                 f"/{ADDRESS}/appointments?{window}", f"/{ADDRESS}/appointments"):  # fmt: skip
        path = path.replace("& ", "%26 ") if "?" not in path else path  # noqa: PLW2901  (a name in an address)
        for how in ({}, {"token": token}):
            answer = relay.api.call("GET", f"/bookings{path}", **how)
            assert answer.status_code == 200, answer.text


def test_an_appointment_lives_and_ends(relay: Relay) -> None:
    """Made, made again, read, moved, given to another, cancelled, and cancelled again."""
    body = appointment_at(9)
    first, again = (relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    one = first.headers["Location"].partition("/api")[2]
    assert relay.api.call("GET", one).json()["id"] == first.json()["id"]
    moved = relay.api.call("PATCH", one, json={"start": at(9.25), "staff": ["Staff 7"]})
    assert (moved.json()["start"], moved.json()["staffIds"]) == (at(9.25), ["staff7"])
    for _ in range(2):
        assert relay.api.call("POST", f"{one}/cancel", json={"message": "Sorry"}).status_code == 204
    assert relay.api.call("DELETE", one).status_code == 204
    assert (relay.api.call("GET", one).status_code, booked_ids(relay, body)) == (404, [])


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"cut": True}])
def test_what_bookings_made_without_saying_so_is_found(relay: Relay, fault: dict[str, Any]) -> None:
    """201, and it stands once, also after the caller's own repeat."""
    body = appointment_at(10)
    relay.fault("POST .*/appointments$", times=1, after=True, **fault)
    answers = [relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert booked_ids(relay, body) == [answers[0].json()["id"]]


def test_fifty_callers_for_one_appointment_make_one(relay: Relay) -> None:
    """Each of them hears of it, or that it is being made."""
    body = appointment_at(11)

    def ask(_: int) -> Any:
        return relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body)

    with ThreadPoolExecutor(10) as callers:
        answers = list(callers.map(ask, range(50)))
    assert {one.status_code for one in answers} <= {200, 201, 503}
    assert sum(one.status_code == 201 for one in answers) == 1
    assert len(booked_ids(relay, body)) == 1


def test_refusals_are_told_apart(relay: Relay) -> None:
    """Each with problem details that say what to do."""
    path = f"/bookings/{ADDRESS}/appointments"
    for status, body in ((422, appointment_at(17)), (422, appointment_at(9, end=at(12))),
                         (404, appointment_at(9, service="Shave")), (404, appointment_at(9, staff=["Nobody"])),
                         (422, {"service": "Repair"})):  # fmt: skip
        assert relay.api.call("POST", path, json=body).status_code == status
    assert relay.api.call("GET", "/bookings/salon@fabrikam.com").status_code == 403
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": []})
    refused = relay.api.call("POST", path, json=appointment_at(9))
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": ROLES})
    assert (refused.status_code, "Bookings.Read.All" in refused.json()["detail"]) == (502, True)


Booked = Callable[[Relay, str, dict[str, Any]], Any]


def in_python(relay: Relay, business: str, body: dict[str, Any]) -> Any:
    """Call the page's `booked` in Python."""
    names: dict[str, Any] = {}
    exec(compile(examples("python")[0], "partner-bookings.md", "exec"), names)  # noqa: S102  (the page's own example)
    return names["booked"](relay.api.url, relay.api.keys["function"], business, body)


def in_node(relay: Relay, business: str, body: dict[str, Any]) -> Any:
    """Call the page's `booked` in Node."""
    given = json.dumps([relay.api.url, relay.api.keys["function"], business, body])
    script = f"{examples('js')[0]}\nconsole.log(JSON.stringify(await booked(...{given})));"
    environ = {"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(relay.stack.certificates.ca_pem)}
    node = ["node", "--input-type=module", "-e", script]
    run = subprocess.run(node, capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def examples(language: str) -> list[str]:
    """Return the page's code blocks of a language."""
    page = (ROOT / "docs" / "partner-bookings.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)


@pytest.mark.parametrize("booked", [in_python, in_node])
def test_the_examples_of_the_partner_guide_book(relay: Relay, monkeypatch: pytest.MonkeyPatch, booked: Booked) -> None:
    """As they stand on the page: by names, again after a 503, and once; what is not allowed is told."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(relay.stack.certificates.bundle))
    body = appointment_at(12)
    relay.fault("POST .*/appointments$", times=1, status=429, headers={"Retry-After": "1"})
    made = booked(relay, "Workshop & Co", body)
    assert [one["met"] for one in relay.tenant.control("GET", "/faults")["faults"]] == [1]
    assert made.keys() == json.loads(examples("json")[1]).keys()
    assert booked(relay, ADDRESS, body) == made
    assert booked_ids(relay, body) == [made["id"]]
    assert booked(relay, ADDRESS, appointment_at(20)) is None


def test_the_page_asks_for_what_the_relay_knows(relay: Relay) -> None:
    """Its first example is sound: at another time and by this business's names it books."""
    body = json.loads(examples("json")[0])
    changes = {"service": "Repair", "staff": ["Staff 9"], "start": at(14)}
    assert relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body | changes).status_code == 201


def test_nothing_of_a_customer_is_kept_logged_or_quoted(relay: Relay) -> None:
    """Whatever fails: neither in storage, nor in the host's log, nor in what a refusal says."""
    canaries = Canaries(uuid.uuid4().hex[:8])
    name, phone, notes, message, said, service, staff = map(
        canaries.secret, ("name", "phone", "notes", "message", "graph", "service", "staff")
    )
    business = {"address": "canary@contoso.com", "displayName": canaries.secret("business"), "timeZone": "UTC",
                "services": [{"id": "s", "displayName": service, "notes": notes}],
                "staff": [{"id": "p", "displayName": staff}]}  # fmt: skip
    relay.tenant.control("POST", "/bookings", business)
    customer = {"name": name, "email": f"{canaries.secret('mail')}@contoso.com", "phone": phone, "notes": notes}
    body = {"service": service, "staff": [staff], "start": at(9), "timeZone": "UTC", "customer": customer}
    path, quoted = "/bookings/canary@contoso.com", b""

    def call(status: int, method: str, below: str, body: Any = None) -> requests.Response:
        answer = relay.api.call(method, f"{path}{below}", **({"json": body} if body else {}))
        assert answer.status_code == status, answer.text
        return answer

    graph = {"error": {"code": "Unknown error " + said, "message": said}}
    for fault in ({"status": 400}, {"status": 403}, {"status": 409}, {"status": 429}):
        relay.fault("POST .*/appointments$", times=1, body=graph, **fault)
    for status in (422, 502, 409, 503, 201):
        answer = call(status, "POST", "/appointments", body)
        quoted += answer.content if status != 201 else b""
    one = f"/appointments/{answer.json()['id']}"
    for status, wrong in ((422, {"more": notes}), (422, {"start": notes}), (404, {"service": f"{service}?"}),
                          (422, {"customer": {"name": name, "email": notes}})):  # fmt: skip
        quoted += call(status, "POST", "/appointments", body | wrong).content
    call(200, "POST", "/customers/search", {"search": name})
    relay.fault("POST .*/cancel$", times=1, status=400, body=graph)
    quoted += call(422, "POST", f"{one}/cancel", {"message": message}).content
    call(204, "POST", f"{one}/cancel", {"message": message})
    assert found_in(quoted, canaries.secrets) == []
    assert found_in(relay.stack.host.log.read_bytes(), canaries.secrets) == []
    assert found_below(relay.stack.folder / "storage", canaries.secrets) == []


def test_the_doctor_knows_what_the_feature_needs(relay: Relay) -> None:
    """Green with it; a permission that is taken away is named with the script that grants it."""

    def found() -> dict[str, Any]:
        checks = relay.api.call("POST", "/doctor", key="master", json={"ping": False}).json()["checks"]
        return {one["name"]: one for one in checks if one["name"] in ("bookings", "token")}

    assert [one["ok"] for one in found().values()] == [True, True]
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": [ROLES[0], ROLES[2]]})
    ill = found()["bookings"]
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": ROLES})
    assert (ill["ok"], "-Feature bookings" in ill["whatToDo"], ROLES[1] in ill["detail"]) == (False, True, True)


def test_the_demonstration_of_bookings_ends_well() -> None:
    """`make demo-bookings`: every ticket has its appointment, none has two, nothing leaked."""
    done = subprocess.run([sys.executable, "-m", "sandbox.demo.bookings"], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=110)  # fmt: skip
    last = done.stdout.strip().splitlines()[-1]
    assert last == (
        "demo-bookings: 2 tickets with an appointment, 2 appointments in Bookings, 0 made twice, 0 leaked"
    ), done.stdout + done.stderr
    assert done.returncode == 0
