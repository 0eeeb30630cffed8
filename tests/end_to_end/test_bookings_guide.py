"""The examples of the partner guide for Bookings work on the running stack."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.process import ROOT
from tests.support.relay import Relay
from tests.support.workshop import ADDRESS, BUSINESS, appointment_at, at, booked_ids


@pytest.fixture(scope="module", autouse=True)
def workshop(shared_relay: Relay) -> None:
    """Add the business."""
    shared_relay.tenant.control("POST", "/bookings", BUSINESS)


Booked = Callable[[Relay, str, dict[str, Any]], Any]


def in_python(relay: Relay, business: str, body: dict[str, Any]) -> Any:
    """Call the page's `booked` in Python."""
    names: dict[str, Any] = {}
    exec(compile(examples("python")[0], "partner-bookings.md", "exec"), names)  # noqa: S102  (the page's own example)
    return names["booked"](relay.api.url, relay.api.keys["function"], business, body)


def in_node(relay: Relay, business: str, body: dict[str, Any]) -> Any:
    """Call the page's `booked` in Node."""
    arguments = json.dumps([relay.api.url, relay.api.keys["function"], business, body])
    script = f"{examples('js')[0]}\nconsole.log(JSON.stringify(await booked(...{arguments})));"
    environ = {"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(relay.stack.certificates.ca_pem)}
    node = ["node", "--input-type=module", "-e", script]
    run = subprocess.run(node, capture_output=True, text=True, timeout=180, check=False, env=environ)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def examples(language: str) -> list[str]:
    """Return the page's code blocks of a language."""
    page = (ROOT / "docs" / "partner-bookings.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)


@pytest.mark.parametrize("booked", [in_python, in_node])
def test_the_examples_of_the_partner_guide_book(relay: Relay, monkeypatch: pytest.MonkeyPatch, booked: Booked) -> None:
    """They book by name, repeat the call after a 429, create a single appointment, and return None for a refusal."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(relay.stack.certificates.bundle))
    body = appointment_at(12)
    relay.fault("POST .*/appointments$", times=1, status=429, headers={"Retry-After": "1"})
    created = booked(relay, "Workshop & Co", body)
    assert [fault["met"] for fault in relay.tenant.control("GET", "/faults")["faults"]] == [1]
    assert created.keys() == json.loads(examples("json")[1]).keys()
    assert booked(relay, ADDRESS, body) == created
    assert booked_ids(relay, body) == [created["id"]]
    assert booked(relay, ADDRESS, appointment_at(20)) is None


def test_the_first_example_of_the_page_is_accepted(relay: Relay) -> None:
    """With another time and the names of this business, it creates an appointment."""
    body = json.loads(examples("json")[0])
    changes = {"service": "Repair", "staff": ["Staff 9"], "start": at(14)}
    assert relay.api.call("POST", f"/bookings/{ADDRESS}/appointments", json=body | changes).status_code == 201
