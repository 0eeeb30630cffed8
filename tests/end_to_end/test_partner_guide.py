"""Claims about the partner guide's examples: they accept the relay's deliveries and no others."""

import json
import sqlite3
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.support.guide import in_python, verified_in_node
from tests.support.relay import Relay

Case = tuple[dict[str, str], str, list[str]]


@pytest.fixture(scope="module")
def delivery(shared_relay: Relay) -> dict[str, Any]:
    """Return a real delivery: headers, raw body, and signing secret."""
    address = shared_relay.watched()
    shared_relay.book(address, subject="Møte om budsjettet 📅")
    shared_relay.in_step(address)
    return shared_relay.posts(address)[0] | {"secret": shared_relay.stack.seed["secrets"]["partner-signing-secret"][-1]}


@pytest.fixture(scope="module")
def cases(delivery: dict[str, Any]) -> dict[str, tuple[Case, bool]]:
    """Return deliveries, each with whether it is genuine."""
    headers, body, secret = delivery["headers"], delivery["raw"], delivery["secret"]
    other = "whsec_" + b64encode(token_bytes(32)).decode()
    signed = {
        name: headers | _signed(headers["webhook-id"], body, secret, datetime.now(UTC) + timedelta(minutes=minutes))
        for name, minutes in (("old", -6), ("ahead", 6), ("new", 0))
    }
    second = Webhook(other).sign(headers["webhook-id"], _moment(headers), body)
    rotating = headers | {"webhook-signature": f"{second} {headers['webhook-signature']}"}
    return {
        "unchanged": ((headers, body, [secret]), True),
        "the receiver is ahead in a rotation": ((headers, body, [other, secret]), True),
        "the second of two signatures": ((rotating, body, [secret]), True),
        "the first of two signatures": ((rotating, body, [other]), True),
        "signed again": ((signed["new"], body, [secret]), True),
        "another secret": ((headers, body, [other]), False),
        "no secret": ((headers, body, []), False),
        "a letter changed": ((headers, body.replace("budsjettet", "budsjetted"), [secret]), False),
        "the body formatted again": ((headers, json.dumps(delivery["body"]), [secret]), False),
        "another id": ((headers | {"webhook-id": "msg_1"}, body, [secret]), False),
        "another timestamp": ((headers | {"webhook-timestamp": str(_seconds(headers) + 1)}, body, [secret]), False),
        "six minutes old": ((signed["old"], body, [secret]), False),
        "six minutes ahead": ((signed["ahead"], body, [secret]), False),
        "no signature": ((headers | {"webhook-signature": ""}, body, [secret]), False),
        "a malformed signature": ((headers | {"webhook-signature": "v1"}, body, [secret]), False),
        "no base64": ((headers | {"webhook-signature": "v1,=é"}, body, [secret]), False),
    }


def test_the_python_example_accepts_only_genuine_deliveries(cases: dict[str, tuple[Case, bool]]) -> None:
    """A delivery is genuine if a secret signed exactly this body within five minutes."""
    verified = in_python()["verified"]
    verdicts = {name: verified(*_in_bytes(case)) for name, (case, _) in cases.items()}
    assert verdicts == {name: json.loads(case[1]) if good else None for name, (case, good) in cases.items()}


def test_the_node_example_accepts_only_genuine_deliveries(cases: dict[str, tuple[Case, bool]]) -> None:
    """The Node example gives the same results as the Python example."""
    verdicts = dict(zip(cases, verified_in_node([case for case, _ in cases.values()]), strict=True))
    assert verdicts == {name: json.loads(case[1]) if good else None for name, (case, good) in cases.items()}


def test_the_receiver_example_ends_with_the_last_state_of_the_calendar(relay: Relay) -> None:
    """Duplicate, late and reordered deliveries end in the same state."""
    address = relay.watched()
    changed, removed = (relay.book(address, subject="First", days=days)["id"] for days in (1, 2))
    relay.in_step(address)
    relay.tenant.change(address, changed, subject="Second")
    relay.tenant.remove(address, removed)
    relay.in_step(address)
    posts = relay.posts(address)
    assert len(posts) == 4
    guide = in_python()
    for order in (posts, posts[::-1], posts + posts, posts[2:] + posts):
        database = sqlite3.connect(":memory:")
        database.executescript(guide["SCHEMA"])
        for post in order:
            guide["take"](database, post["headers"]["webhook-id"], post["body"])
        rows = database.execute("SELECT event FROM events WHERE event IS NOT NULL").fetchall()
        database.close()
        assert [json.loads(event) for (event,) in rows] == list(relay.received(address).values())


def _in_bytes(case: Case) -> tuple[dict[str, str], bytes, list[str]]:
    headers, body, secrets = case
    return headers, body.encode(), secrets


def _signed(message: str, body: str, secret: str, moment: datetime) -> dict[str, str]:
    signature = Webhook(secret).sign(message, moment, body)
    return {"webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}


def _seconds(headers: dict[str, str]) -> int:
    return int(headers["webhook-timestamp"])


def _moment(headers: dict[str, str]) -> datetime:
    return datetime.fromtimestamp(_seconds(headers), UTC)
