"""Claims about what never leaves, is never stored and never logged: canaries are planted and looked for."""

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.expected import at
from tests.support.relay import Relay
from tests.support.waiting import eventually

BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


def _kept_by_storage(folder: Path) -> bytes:
    """Return all that Azurite wrote to disk, queue messages (also deleted ones) in plain text beside their base64."""
    kept = b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return kept + b"\n".join(_decoded(kept))


def _decoded(kept: bytes) -> Iterator[bytes]:
    for run in BASE64.findall(kept):
        text = run.rstrip(b"=")
        yield base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"==", validate=False)


@pytest.fixture(scope="module")
def canaries(shared_relay: Relay) -> dict[str, str]:
    """Send canaries the whole way, also through a failed delivery, and return them by the field they sat in."""
    canary = {
        name: f"canary{name}{secrets.token_hex(6)}"
        for name in ("title", "private", "confidential", "body", "attendee", "location", "room")
    }
    hidden = {
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
    """Of all canaries the partner has seen one: the title of an event that is not private."""
    received = str(relay.partner.control("GET", "/raw"))
    assert {name for name, canary in canaries.items() if canary in received} == {"title"}


def test_no_content_is_stored(relay: Relay, canaries: dict[str, str]) -> None:
    """Queues and tables hold ids and times: no title, not even a public one, and no other content."""
    event = relay.partner.deliveries()["list"][-1]["eventId"].encode()
    kept = eventually(lambda: text if event in (text := _kept_by_storage(relay.stack.folder / "storage")) else b"")
    assert b'"changes":[{"watch"' in kept, "messages on the queue are read, or this test proves nothing"
    assert {name for name, canary in canaries.items() if canary.encode() in kept} == set()


def test_no_content_is_logged(relay: Relay, canaries: dict[str, str]) -> None:
    """The host's log, failures included, tells no content."""
    log = relay.stack.host.log.read_text()
    assert "failed (attempt" in log, "a failure was logged, or this test proves nothing"
    assert {name for name, canary in canaries.items() if canary in log} == set()
    for trace in ("Bearer ", "eyJ"):
        assert trace not in log


def test_no_secret_is_stored_or_logged_or_sent(relay: Relay, canaries: dict[str, str]) -> None:
    """Secrets, keys, tokens and clientStates stay out of storage, logs and deliveries."""
    assert canaries
    seed = relay.stack.seed
    hidden = {secret for versions in seed["secrets"].values() for secret in versions}
    hidden |= {*seed["clients"][0]["secrets"], seed["identityHeader"], *relay.api.keys.values()}
    states = {subscription["clientState"] for subscription in relay.tenant.control("GET", "/subscriptions")["value"]}
    texts = {
        "storage": _kept_by_storage(relay.stack.folder / "storage").decode(errors="replace"),
        "log": relay.stack.host.log.read_text(),
        "partner": str(relay.partner.control("GET", "/raw")),
    }
    for place, text in texts.items():
        assert not [secret for secret in hidden | states if secret in text], place
        assert "eyJ0eXAi" not in text, place
