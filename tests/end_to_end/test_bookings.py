"""Claims about the feature bookings on the running stack: its responses, and no appointment twice."""

import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
import requests

from sandbox.demo.canaries import Canaries, canaries_below, canaries_in
from sandbox.process import ROOT
from tests.support.relay import BOOKINGS_ROLES, FEATURE_ROLES, Relay
from tests.support.workshop import ADDRESS, BUSINESS, appointment_at, at, booked_ids


@pytest.fixture(scope="module", autouse=True)
def workshop(shared_relay: Relay) -> None:
    """Add the business."""
    shared_relay.tenant.control("POST", "/bookings", BUSINESS)


def test_every_read_accepts_names(relay: Relay) -> None:
    """Businesses, services, staff and appointments are read by name, with a key and with a token."""
    token = relay.token("Relay.Read")
    window = f"from={at(0)}&to={at(24)}"
    for path in ("?name=shop", "/Workshop & Co", "/workshop@contoso.com/services", "/workshop & co/staff",
                 f"/{ADDRESS}/availability?{window}&staff=Staff 1",
                 f"/{ADDRESS}/appointments?{window}", f"/{ADDRESS}/appointments"):  # fmt: skip
        path = path.replace("& ", "%26 ") if "?" not in path else path  # noqa: PLW2901  (a name in an address)
        for credential in ({}, {"token": token}):
            answer = relay.api.call("GET", f"/bookings{path}", **credential)
            assert answer.status_code == 200, answer.text


def test_staff_are_queried_in_a_body(relay: Relay) -> None:
    """By id or name, with a key and with a token that may only read; the answer is that of the old parameter."""
    window, path = {"from": at(0), "to": at(24)}, f"/bookings/{ADDRESS}"
    members = relay.api.call("GET", f"{path}/staff").json()["value"][:2]
    ids, names = ([member[key] for member in members] for key in ("id", "name"))
    shown = relay.api.call("GET", f"{path}/availability", params=window | {"staff": ",".join(ids)})
    assert (shown.status_code, "Deprecation" in shown.headers) == (200, True)
    for credential in ({}, {"token": relay.token("Relay.Read")}):
        for staff in (ids, names):
            body = {**window, "staff": staff}
            answer = relay.api.call("POST", f"{path}/availability/query", json=body, **credential)
            assert (answer.status_code, answer.json()) == (200, shown.json())


def test_an_appointment_is_created_changed_and_cancelled(relay: Relay) -> None:
    """A repeated create and a repeated cancel succeed without a second effect; start and staff can be changed."""
    body = appointment_at(9)
    first, again = (relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    path = first.headers["Location"].partition("/api")[2]
    assert relay.api.call("GET", path).json()["id"] == first.json()["id"]
    moved = relay.api.call("PATCH", path, json={"start": at(9.25), "staff": ["Staff 7"]})
    assert (moved.json()["start"], moved.json()["staffIds"]) == (at(9.25), ["staff7"])
    for _ in range(2):
        assert relay.api.call("POST", f"{path}/cancel", json={"message": "Sorry"}).status_code == 204
    assert relay.api.call("DELETE", path).status_code == 204
    assert (relay.api.call("GET", path).status_code, booked_ids(relay, body)) == (404, [])


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"cut": True}])
def test_an_appointment_whose_response_was_lost_is_not_created_again(relay: Relay, fault: dict[str, Any]) -> None:
    """The call gets 201, the caller's repeat 200, and Bookings has a single appointment."""
    body = appointment_at(10)
    relay.fault("POST .*/appointments$", times=1, after=True, **fault)
    answers = [relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert booked_ids(relay, body) == [answers[0].json()["id"]]


def test_fifty_callers_create_a_single_appointment(relay: Relay) -> None:
    """One call gets 201; each other gets the same appointment, or 503 while it is being created."""
    body = appointment_at(11)

    def create(_: int) -> Any:
        return relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body)

    with ThreadPoolExecutor(10) as callers:
        answers = list(callers.map(create, range(50)))
    assert {answer.status_code for answer in answers} <= {200, 201, 503}
    assert sum(answer.status_code == 201 for answer in answers) == 1
    assert len(booked_ids(relay, body)) == 1


def test_fifty_customers_share_the_seats_of_an_appointment(relay: Relay) -> None:
    """Five get a seat with an id of its own; nobody is lost or added twice, although lists leave customers out."""
    relay.tenant.control("POST", "/behaviours", {"on": {"listsWithoutCustomers": True}, "of": [ADDRESS]})
    bodies = [appointment_at(15, service="Course / first aid", staff=["Staff 9"]) for _ in range(50)]

    def create(body: dict[str, Any]) -> Any:
        return relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body)

    with ThreadPoolExecutor(10) as callers:
        first = list(callers.map(create, bodies))
    again = [create(body) for body in bodies[:12]]  # who got 503 while others were booking, and who has a seat
    relay.tenant.control("DELETE", "/behaviours")
    assert {answer.status_code for answer in (*first, *again)} <= {200, 201, 409, 503}
    booked = [answer for answer in (*first, *again) if answer.status_code in (200, 201)]
    everything = relay.tenant.control("GET", f"/bookings/{ADDRESS}")["appointments"]
    (stored,) = (each for each in everything if each["serviceId"] == "course")
    assert len(stored["customers"]) == 5
    assert len({answer.json()["id"] for answer in booked}) == 5


def test_an_id_with_a_slash_survives_the_host(relay: Relay) -> None:
    """It is read, moved and cancelled by its Location; an unknown one is 404."""
    relay.tenant.control("POST", "/behaviours", {"on": {"slashesInIds": True}, "of": [ADDRESS]})
    body = appointment_at(14, staff=["Staff 11"])
    created = relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body)
    relay.tenant.control("DELETE", "/behaviours")
    (raw,) = booked_ids(relay, body)
    path = created.headers["Location"].partition("/api")[2]
    former = f"/bookings/{ADDRESS}/appointments/{quote(raw, safe='')}"  # as an earlier version gave it out
    for known in (path, former):
        assert relay.api.call("GET", known).json()["id"] == created.json()["id"]
    assert relay.api.call("PATCH", path, json={"start": at(14.5)}).status_code == 200
    assert relay.api.call("DELETE", f"/bookings/{ADDRESS}/appointments/AAMkunknown=").status_code == 404
    assert [relay.api.call("DELETE", former).status_code for _ in range(2)] == [204, 204]
    assert booked_ids(relay, body) == []


def test_each_refusal_has_its_status(relay: Relay) -> None:
    """Invalid times and names, a forbidden business and a missing permission have different statuses."""
    path = f"/bookings/{ADDRESS}/appointments"
    for status, body in ((422, appointment_at(17)), (422, appointment_at(9, end=at(12))),
                         (404, appointment_at(9, service="Shave")), (404, appointment_at(9, staff=["Nobody"])),
                         (422, {"service": "Repair"})):  # fmt: skip
        assert relay.api.call("POST", path, json=body).status_code == status
    assert relay.api.call("GET", "/bookings/salon@fabrikam.com").status_code == 403
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": []})
    refused = relay.api.call("POST", path, json=appointment_at(9))
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": FEATURE_ROLES})
    assert (refused.status_code, "Bookings.Read.All" in refused.json()["detail"]) == (502, True)


def test_nothing_of_a_customer_is_kept_logged_or_quoted(relay: Relay) -> None:
    """Names, addresses, notes and messages are in no table, queue, log or refusal, even if Graph fails."""
    canaries = Canaries(uuid.uuid4().hex[:8])
    name, phone, notes, message, error, service, staff = map(
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

    graph = {"error": {"code": "Unknown error " + error, "message": error}}
    for fault in ({"status": 400}, {"status": 403}, {"status": 409}, {"status": 429}):
        relay.fault("POST .*/appointments$", times=1, body=graph, **fault)
    for status in (422, 502, 409, 503, 201):
        answer = call(status, "POST", "/appointments", body)
        quoted += answer.content if status != 201 else b""
    appointment = f"/appointments/{answer.json()['id']}"
    for status, wrong in ((422, {"more": notes}), (422, {"start": notes}), (404, {"service": f"{service}?"}),
                          (422, {"customer": {"name": name, "email": notes}})):  # fmt: skip
        quoted += call(status, "POST", "/appointments", body | wrong).content
    call(200, "POST", "/customers/search", {"search": name})
    relay.fault("POST .*/cancel$", times=1, status=400, body=graph)
    quoted += call(422, "POST", f"{appointment}/cancel", {"message": message}).content
    call(204, "POST", f"{appointment}/cancel", {"message": message})
    assert canaries_in(quoted, canaries.secrets) == []
    assert canaries_in(relay.stack.host.log.read_bytes(), canaries.secrets) == []
    assert canaries_below(relay.stack.folder / "storage", canaries.secrets) == []


def test_the_doctor_reports_a_missing_permission(relay: Relay) -> None:
    """The finding names the permission and the command that grants it."""

    def findings() -> dict[str, Any]:
        checks = relay.api.call("POST", "/doctor", key="master", json={"ping": False}).json()["checks"]
        return {check["name"]: check for check in checks if check["name"] in ("bookings", "token")}

    assert [check["ok"] for check in findings().values()] == [True, True]
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": [BOOKINGS_ROLES[0], BOOKINGS_ROLES[2]]})
    failed = findings()["bookings"]
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": FEATURE_ROLES})
    assert failed["ok"] is False
    assert "entra grant relay --app-id CLIENT_ID --feature bookings" in failed["whatToDo"]
    assert BOOKINGS_ROLES[1] in failed["detail"]


@pytest.mark.long
def test_the_demonstration_of_bookings_ends_well() -> None:
    """`make demo-bookings` ends with one appointment for each ticket and no leak."""
    done = subprocess.run([sys.executable, "-m", "sandbox.demo.bookings"], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=180)  # fmt: skip
    last = done.stdout.strip().splitlines()[-1]
    assert last == (
        "demo-bookings: 2 tickets with an appointment, 2 appointments in Bookings, 0 made twice, 0 leaked"
    ), done.stdout + done.stderr
    assert done.returncode == 0
