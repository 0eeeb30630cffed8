"""How the partner responds to a delivery."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.partner import receive
from sandbox.partner.contract import violations
from sandbox.partner.receive import Calendars, Receipt, Receiver
from tests.support.partner_process import SECRET, deleted, news, signed

OTHER_SECRET = "whsec_cGFydG5lci1zaWduaW5nLXNlY3JldC0wMDAy"


def receiver(*secrets: str) -> Receiver:
    """Return a receiver without any state."""
    return Receiver(secrets or (SECRET,), Calendars(), violations)


def received(by: Receiver, payload: Any, webhook_id: str = "msg_1", **sign: str) -> Receipt:
    """Return the receipt of a signed delivery."""
    body = json.dumps(payload).encode()
    return by.receive(signed(body, webhook_id, **sign), body)


def test_good() -> None:
    """A signed delivery is applied and gets 204."""
    partner = receiver()
    assert received(partner, news()) == Receipt(204)
    assert list(partner.calendars.mailboxes["room1@contoso.com"]) == ["AAMk1"]


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,abc"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,a,b"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "99999999999"},
        {"webhook-timestamp": "nan"},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
    ],
)
def test_bad_headers(changed: dict[str, str]) -> None:
    """A wrong signature, time or id gets 401, and nothing is applied."""
    partner = receiver()
    body = json.dumps(news()).encode()
    assert partner.receive(signed(body) | changed, body) == Receipt(401)
    assert partner.calendars.mailboxes == {}


def test_no_headers() -> None:
    """A delivery without one of the headers gets 401."""
    assert receiver().receive({}, b"{}") == Receipt(401)


def test_changed_body() -> None:
    """A body that differs by a space from the signed one gets 401; so does a body that is not text."""
    body = json.dumps(news()).encode()
    assert receiver().receive(signed(body), body + b" ").status == 401
    assert receiver().receive(signed(body), b"\xff").status == 401


def test_rotation() -> None:
    """During a rotation either secret may have signed, but no third one."""
    partner = receiver(SECRET, OTHER_SECRET)
    assert received(partner, news(), "a", secret=SECRET).status == 204
    assert received(partner, news(), "b", secret=OTHER_SECRET).status == 204
    assert received(receiver(OTHER_SECRET), news(), "c", secret=SECRET).status == 401


def test_duplicate() -> None:
    """The same webhook-id gets 204 again and is not applied again."""
    partner = receiver()
    received(partner, news())
    received(partner, deleted(), "msg_2")
    later = news() | {"timestamp": "2026-11-20T11:00:00Z"}
    assert received(partner, later) == Receipt(204, duplicate=True)
    assert partner.calendars.listed() == {"room1@contoso.com": []}


def test_same_id_other_state() -> None:
    """A webhook-id that is reused with a different state is a violation."""
    partner = receiver()
    received(partner, news())
    found = received(partner, news(title="Kari Nordmann")).violations
    assert found == ("data: differs from the previous delivery with this webhook-id",)


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b"[1]", b"null", b"[" * 100_000])
def test_no_object(body: bytes) -> None:
    """A signed body that is not a JSON object gets 400, even when its id is known."""
    partner = receiver()
    assert partner.receive(signed(body), body).status == 400
    received(partner, news())
    assert partner.receive(signed(body), body).status == 400


def test_unusable_is_not_remembered() -> None:
    """A delivery without an event gets 422, and its id can be used again."""
    partner = receiver()
    assert received(partner, {}).status == 422
    assert received(partner, news()) == Receipt(204)


def test_violation_is_applied_and_reported() -> None:
    """A delivery with an extra field is applied, and reported as a violation."""
    assert received(receiver(), news(location="Oslo")) == Receipt(
        204, violations=("data.event: unexpected field 'location'",)
    )


def test_ping() -> None:
    """A test delivery has no content; one with content violates the contract."""
    ping = {"type": "calendar.relay.ping", "timestamp": "2026-11-20T10:00:00Z", "data": {}}
    assert violations(ping) == ()
    assert violations(ping | {"data": {"mailbox": "room1@contoso.com"}}) != ()
    assert received(receiver(), ping) == Receipt(204)
    assert received(receiver(OTHER_SECRET), ping).status == 401


def test_the_file_can_be_copied(tmp_path: Path) -> None:
    """Alone in a folder, without this project on the path, it takes a delivery of the relay and keeps its event."""
    shutil.copy(receive.__file__, tmp_path)
    body = json.dumps(news())
    program = (
        "import json, sys; sys.path.insert(0, '.'); from receive import Calendars, Receiver\n"
        "secret, headers, body = json.load(sys.stdin)\n"
        "receiver = Receiver([secret], Calendars())\n"
        "print(receiver.receive(headers, body.encode()).status, len(receiver.calendars.listed()['room1@contoso.com']))"
    )
    given = json.dumps([SECRET, signed(body.encode()), body])
    run = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=tmp_path, input=given, text=True, capture_output=True, timeout=180,
        check=False,
    )  # fmt: skip
    assert (run.stdout.split(), run.stderr) == (["204", "1"], "")
