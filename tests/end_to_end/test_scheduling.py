"""Claims about the feature scheduling on the running stack: a time is given once, and nothing of it is kept or told."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from sandbox.demo.canaries import found_below, found_in
from sandbox.process import ROOT
from sandbox.stack import Stack
from tests.support.relay import Relay
from tests.support.scheduling_calls import HOURS, agent, at, book, booking_body, calendar_of, free_slots
from tests.support.waiting import eventually

PERMISSIONS = ["Calendars.Read", "Calendars.ReadWrite"]
PAGE = (ROOT / "docs" / "partner-scheduling.md").read_text()
NODE = """
const [relay, key, agent, booking] = JSON.parse(process.env.CASE);
console.log(JSON.stringify(await book(relay, key, agent, booking)));
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack whose customer has switched scheduling on."""
    with Stack(tmp_path_factory.mktemp("scheduling"), {"FEATURES": "scheduling"}) as stack:
        stack.tenant.grant_in_exchange(stack.seed["clients"][0]["clientId"], *PERMISSIONS)
        yield Relay(stack)


@pytest.fixture
def relay(running: Relay) -> Iterator[Relay]:
    """Give the stack; what a test planted is taken away after it."""
    yield running
    running.clear()


@pytest.mark.parametrize("spread", [False, True])
def test_of_fifty_callers_exactly_one_gets_the_slot(relay: Relay, *, spread: bool) -> None:
    """In whatever order Graph answers them: every answer is a promise that the calendar keeps."""
    address, chance = agent(relay), random.Random(11)
    for number in range(12):
        match = ("POST .*/events$", "GET .*/calendarView", "POST .*/getSchedule")[number % 3]
        relay.fault(match, delaySeconds=round(chance.random() / 2, 2), times=4, after=bool(number % 2))
    hours = [10 + chance.randrange(0, 12) / 12 if spread else 10 for _ in range(50)]
    with ThreadPoolExecutor(50) as callers:
        answers = list(callers.map(lambda hour: book(relay, address, hour), hours))
    assert {one.status_code for one in answers} == {201, 409}
    promised = sorted(one.json()["event"]["start"] for one in answers if one.status_code == 201)
    spans = sorted((one["start"]["dateTime"], one["end"]["dateTime"]) for one in calendar_of(relay, address))
    assert [start[:19] + "Z" for start, _ in spans] == promised
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert spread or Counter(one.status_code for one in answers) == {201: 1, 409: 49}


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"cut": True}])
def test_what_graph_made_without_saying_so_is_booked_once(relay: Relay, fault: dict[str, Any]) -> None:
    """The POST is sent again with the transactionId of before, and the caller's repeat hears of the same booking."""
    address, key = agent(relay), uuid.uuid4().hex
    relay.fault("POST .*/events$", times=1, after=True, **fault)
    answers = [book(relay, address, key=key) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert len(calendar_of(relay, address)) == 1


def test_a_booking_lives_and_ends(relay: Relay) -> None:
    """At both doors: found free, booked, read, moved, in the way of others, cancelled, and free again."""
    address, token = agent(relay), relay.token("Relay.Setup")
    relay.tenant.book(address, subject="x", start=at(8), end=at(9))
    before = free_slots(relay, address)
    assert [one["start"][11:16] for one in before][:2] == ["09:00", "09:30"]
    assert len(before) == 14
    made = book(relay, address, invite=True, customer={"name": "Ola", "email": "ola@fabrikam.com"})
    one = made.headers["Location"].partition("/api")[2]
    assert relay.api.call("GET", one, token=token).json() == made.json()
    assert at(10)[:19] not in [slot["start"][:19] for slot in free_slots(relay, address)]
    moved = relay.api.call("PATCH", one.partition("/entra")[2] or one, token=token, json={"start": at(14)})
    assert (moved.status_code, moved.json()["event"]["start"]) == (200, at(14))
    refused = relay.api.call("PATCH", one, json={"start": at(8.5)})
    assert (refused.status_code, len(refused.json()["nearest"])) == (409, 5)
    (event,) = [other for other in calendar_of(relay, address) if other["subject"] == "A talk"]
    assert [other["emailAddress"]["address"] for other in event["attendees"]] == ["ola@fabrikam.com"]
    for _ in range(2):
        assert relay.api.call("DELETE", one).status_code == 204
    assert relay.api.call("GET", one).status_code == 404
    assert free_slots(relay, address) == before


def test_a_slot_that_everybody_has_to_be_free_for(relay: Relay) -> None:
    """An agent and a room, in the caller's zone."""
    address, room = agent(relay), relay.mailbox("room")
    relay.tenant.control("PUT", f"/calendars/{room}/workingHours", {**HOURS, "startTime": "15:00:00"})
    found = free_slots(relay, address, **{"with": room, "match": "all", "timeZone": "Asia/Kolkata"})
    assert [one["start"][10:] for one in found] == ["T20:30:00+05:30", "T21:00:00+05:30"]
    assert {name for one in found for name in one["mailboxes"]} == {address, room}


def test_a_claim_that_a_killed_call_left_is_settled_by_the_timer(relay: Relay) -> None:
    """Its event goes and its time is free again."""
    address = agent(relay)
    assert book(relay, address).status_code == 201
    table = relay.table("slots")
    (row,) = [one for one in table.list_entities() if one.get("mailbox") == address]
    old = {"state": "claimed", "since": "2026-01-01T00:00:00+00:00", "event_id": ""}
    table.update_entity({**row, **old}, mode=UpdateMode.REPLACE)
    relay.api.run("settle_bookings")
    eventually(lambda: not calendar_of(relay, address), seconds=30)
    assert eventually(lambda: book(relay, address).status_code == 201, seconds=10)


def test_refusals_are_told_apart(relay: Relay) -> None:
    """Each with problem details that say what to do."""
    address, params = agent(relay), {"from": at(0), "to": at(24), "duration": "30"}
    assert book(relay, address, 20).status_code == 409
    assert book(relay, address, title="").status_code == 422
    assert book(relay, "nobody@contoso.com").status_code == 404
    assert book(relay, "agent@fabrikam.com").status_code == 403
    for status, path, changes in ((422, address, {"duration": "7"}), (403, "a@fabrikam.com", {}),
                                  (403, address, {"with": "a@fabrikam.com"}), (404, "nobody@contoso.com", {}),
                                  (422, address, {"with": "nobody@contoso.com"})):  # fmt: skip
        assert relay.api.call("GET", f"/schedules/{path}/slots", params=params | changes).status_code == status
    assert book(relay, address, token=None).status_code == 422  # a field that there is not
    assert relay.api.call("POST", f"/schedules/{address}/bookings", key=None, json=booking_body()).status_code == 401
    reader = relay.token("Relay.Read")
    refused = relay.api.call("POST", f"/schedules/{address}/bookings", token=reader, json=booking_body())
    assert refused.status_code == 403
    relay.tenant.grant_in_exchange(relay.client_id, PERMISSIONS[0])
    refused = book(relay, address)
    relay.tenant.grant_in_exchange(relay.client_id, *PERMISSIONS)
    assert (refused.status_code, "Calendars.ReadWrite" in refused.json()["detail"]) == (502, True)


def test_the_python_of_the_partner_guide_finds_and_books(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands on the page, with the page's own body; who comes second gets the nearest."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(relay.stack.certificates.bundle))
    names: dict[str, Any] = {}
    exec(compile(blocks("python")[0], "page", "exec"), names)  # noqa: S102  (the page's own example)
    agents, at_relay = [agent(relay), agent(relay)], (relay.api.url, relay.api.keys["function"])
    found = list(names["slots"](*at_relay, agents, **{"from": at(0), "to": at(24), "duration": 30, "pageSize": 3}))
    assert len(found) == 16
    assert found[0].keys() == json.loads(blocks("json")[0])["value"][0].keys()
    asked = json.loads(blocks("json")[1]) | {"start": found[2]["start"]}
    made, _ = names["book"](*at_relay, found[2]["mailboxes"][0], asked)
    example = json.loads(blocks("json")[2])
    assert (made.keys(), made["event"].keys()) == (example.keys(), example["event"].keys())
    none, nearest = names["book"](*at_relay, found[2]["mailboxes"][0], asked)
    assert (none, len(nearest)) == (None, 5)


def test_the_node_of_the_partner_guide_books(relay: Relay) -> None:
    """The same, also when Graph is busy at first."""
    address = agent(relay)
    relay.fault("POST .*/events$", status=503, times=1, headers={"Retry-After": "1"})
    made, nearest = in_node(relay, address)
    assert (made["event"]["start"], nearest) == (at(10), [])
    none, nearest = in_node(relay, address)
    assert (none, len(nearest)) == (None, 5)
    assert len(calendar_of(relay, address)) == 1


def test_nothing_of_a_booking_or_of_what_is_in_its_way_is_kept_logged_or_told(relay: Relay) -> None:
    """Titles, customers, and the meetings of the agent: also when Graph fails and when the body is not sound."""
    address, run = agent(relay), uuid.uuid4().hex[:8]
    theirs = [f"canary-{what}-{run}" for what in ("subject", "location", "body")]
    ours = [f"canary-{what}-{run}" for what in ("title", "customer", "mail")]
    named = dict(zip(("subject", "location", "body"), theirs, strict=True))
    relay.tenant.book(address, start=at(10), end=at(11), **named)
    body = {"title": ours[0], "customer": {"name": ours[1], "email": f"{ours[2]}@fabrikam.com"}, "invite": True}
    answers = [book(relay, address, hour, **body) for hour in (9, 10)]
    for fault in ({"status": 400, "body": {"error": {"code": "ErrorInvalid", "message": ours[0]}}}, {"cut": True}):
        relay.fault("POST .*/events$", **fault)
        answers.append(book(relay, address, 12, **body))
        relay.clear()
    answers.append(book(relay, address, 13, **body | {"duration": ours[0]}))
    answers.append(relay.api.call("GET", f"/schedules/{address}/slots",
                                    params={"from": at(0), "to": at(24), "duration": "30"}))  # fmt: skip
    assert [one.status_code for one in answers] == [201, 409, 422, 503, 422, 200]
    assert found_in("".join(one.text for one in answers[1:]).encode(), theirs + ours) == []
    assert found_in(answers[0].content, theirs + ours) == ours[:1]  # the title of its own booking
    kept = relay.stack.folder / "storage"
    eventually(lambda: found_below(kept, [address]))  # else this proves nothing
    assert found_below(kept, theirs + ours) == []
    assert found_in(relay.stack.host.log.read_bytes(), theirs + ours) == []


def test_the_demonstration_of_slots_ends_well() -> None:
    """`make demo-slots`: a customer books in a conversation of four questions, while fifty others want the same."""
    done = subprocess.run([sys.executable, "-m", "sandbox.demo.slots"], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=110)  # fmt: skip
    assert done.stdout.strip().splitlines()[-1] == (
        "demo-slots: 4 questions asked, 1 slot booked, 1 moved, 1 cancelled, 50 turned away, 0 double-booked, 0 leaked"
    ), done.stdout + done.stderr
    assert done.returncode == 0


def blocks(language: str) -> list[str]:
    """Return the page's code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def in_node(relay: Relay, address: str) -> Any:
    """Book in Node by the page's example, at 10 o'clock."""
    case = [relay.api.url, relay.api.keys["function"], address, booking_body()]
    ca = str(relay.stack.certificates.ca_pem)
    env = {"PATH": os.environ["PATH"], "CASE": json.dumps(case), "NODE_EXTRA_CA_CERTS": ca}
    command = [shutil.which("node") or "node", "--input-type=module", "-e", blocks("js")[0] + NODE]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
