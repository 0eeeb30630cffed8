"""Claims about data that is never sent, stored or logged: canaries in events are searched for afterwards."""

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.expected import at
from tests.support.relay import Relay
from tests.support.waiting import eventually

BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


def _stored(folder: Path) -> bytes:
    """Return everything that Azurite wrote to disk, plus the decoded base64 of queue messages, deleted messages too."""
    stored = b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return stored + b"\n".join(_decoded(stored))


def _decoded(stored: bytes) -> Iterator[bytes]:
    for match in BASE64.findall(stored):
        text = match.rstrip(b"=")
        yield base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"==", validate=False)


@pytest.fixture(scope="module")
def canaries(shared_relay: Relay) -> dict[str, str]:
    """Deliver events with canaries, with one failed delivery, and return the canaries by field."""
    canary = {
        name: f"canary{name}{secrets.token_hex(6)}"
        for name in ("title", "private", "confidential", "body", "attendee", "location", "room")
    }
    hidden: dict[str, Any] = {
        "body": canary["body"], "location": canary["location"],
        "attendees": [{"name": canary["attendee"], "address": f"{canary['attendee']}@contoso.com"}],
    }  # fmt: skip
    address, room = shared_relay.watched(), shared_relay.watched("room")
    shared_relay.fail(address, status=500, times=1)
    shared_relay.book(address, canary["title"], **hidden)
    for days, sensitivity in enumerate(("private", "confidential"), 1):
        shared_relay.book(address, canary[sensitivity], days, sensitivity=sensitivity, **hidden)
    series = shared_relay.book(
        address, canary["private"], 3, sensitivity="private", rrule="FREQ=DAILY;COUNT=3", **hidden
    )
    shared_relay.book(room, canary["room"], **hidden)
    shared_relay.in_step(address, room)
    shared_relay.tenant.remove(address, series["id"])
    shared_relay.tenant.change(
        room, shared_relay.book(room, canary["room"], 1, **hidden)["id"], start=at(2, 9), end=at(2, 10)
    )
    shared_relay.in_step(address, room)
    shared_relay.quiet()
    return canary


def test_only_a_public_title_reaches_the_partner(relay: Relay, canaries: dict[str, str]) -> None:
    """The title of an event that is not private is the only canary that the partner receives."""
    received = str(relay.partner.control("GET", "/raw"))
    assert {name for name, canary in canaries.items() if canary in received} == {"title"}


def test_no_content_is_stored(relay: Relay, canaries: dict[str, str]) -> None:
    """Queues and tables hold ids and times: no title, public or private, and no other content."""
    event = relay.partner.deliveries()["list"][-1]["eventId"].encode()
    stored = eventually(lambda: text if event in (text := _stored(relay.stack.folder / "storage")) else b"")
    assert b'"changes":[{"watch"' in stored, "the search must cover the messages of the queue"
    assert {name for name, canary in canaries.items() if canary.encode() in stored} == set()


def test_no_content_is_logged(relay: Relay, canaries: dict[str, str]) -> None:
    """The host's log has no content, even after a failed delivery."""
    log = relay.stack.host.log.read_text()
    assert "failed (attempt" in log, "the log must contain a failure"
    assert {name for name, canary in canaries.items() if canary in log} == set()
    for trace in ("Bearer ", "eyJ"):
        assert trace not in log


def test_no_secret_is_stored_or_logged_or_sent(relay: Relay, canaries: dict[str, str]) -> None:
    """Storage, logs and deliveries contain no secret, key, token or clientState."""
    assert canaries
    seed = relay.stack.seed
    hidden = {secret for versions in seed["secrets"].values() for secret in versions}
    hidden |= {*seed["clients"][0]["secrets"], seed["identityHeader"], *relay.api.keys.values()}
    states = {subscription["clientState"] for subscription in relay.tenant.control("GET", "/subscriptions")["value"]}
    texts = {
        "storage": _stored(relay.stack.folder / "storage").decode(errors="replace"),
        "log": relay.stack.host.log.read_text(),
        "partner": str(relay.partner.control("GET", "/raw")),
    }
    for place, text in texts.items():
        assert not [secret for secret in hidden | states if secret in text], place
        assert "eyJ0eXAi" not in text, place
