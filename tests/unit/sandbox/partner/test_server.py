"""The partner over HTTP: deliveries, the direct receiver, the page and the process."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.support.partner_process import OTHER_SECRET, SECRET, RunningPartner, deleted, news

pytestmark = pytest.mark.server


def test_calendars_and_journal(partner: RunningPartner) -> None:
    """A delivery is in the calendars, and in the journal with its attempt number."""
    assert partner.deliver(news()).status_code == 204
    assert partner.deliver(news()).status_code == 204
    assert [event["id"] for event in partner.get("/picture")["room1@contoso.com"]] == ["AAMk1"]
    journal = partner.get("/deliveries")
    assert (journal["count"], journal["distinct"], journal["taken"], journal["duplicates"]) == (2, 1, 1, 1)
    assert journal["byType"] == {"calendar.event.updated": 1}
    second = partner.get("/deliveries?since=1")["list"]
    assert [(each["number"], each["attempt"], each["status"]) for each in second] == [(2, 2, 204)]


def test_violation(partner: RunningPartner) -> None:
    """An extra field and a wrong content type are shown as violations."""
    partner.deliver(news(location="Oslo"), "msg_1", 180, **{"content-type": "text/plain"})
    lines = [each["violation"] for each in partner.get("/deliveries")["violations"]]
    assert lines == ["data.event: unexpected field 'location'", "Content-Type: not application/json"]


def test_refused(partner: RunningPartner) -> None:
    """A forged delivery gets 401, is counted as refused and changes nothing."""
    assert partner.deliver(news(), secret=OTHER_SECRET).status_code == 401
    assert partner.get("/deliveries")["refused"] == 1
    assert partner.get("/picture") == {}


def test_raw(partner: RunningPartner) -> None:
    """Every request is kept as received: refused ones, and those to unknown paths."""
    requests.post(f"{partner.base}/elsewhere?x=canary-1", b"canary-2\xff", headers={"x-y": "canary-3"}, timeout=180)
    kept = json.dumps(partner.get("/raw"))
    assert all(canary in kept for canary in ("canary-1", "canary-2", "canary-3"))


def test_wait(partner: RunningPartner) -> None:
    """A wait ends when enough distinct ids arrived, and reports that; or when its time is over."""
    partner.deliver(news(), "a")
    partner.deliver(news(), "a")
    assert partner.get("/wait?deliveries=1&seconds=30")["came"] is True
    assert partner.get("/wait?deliveries=2&seconds=0.05") == {"came": False, "count": 2, "distinct": 1, "taken": 1}


def test_wait_for_taken(partner: RunningPartner) -> None:
    """A delivery that got an error has arrived, but was not taken."""
    partner.post("/behaviour", {"status": 500, "times": 1})
    partner.deliver(news())
    assert partner.get("/wait?deliveries=1&seconds=0.05")["came"] is True
    assert partner.get("/wait?deliveries=1&seconds=0.05&taken=true")["came"] is False


def test_rotation(partner: RunningPartner) -> None:
    """New secrets apply from the next delivery on."""
    partner.post("/secrets", {"secrets": [OTHER_SECRET]})
    assert partner.deliver(news(), secret=SECRET).status_code == 401
    assert partner.deliver(news(), secret=OTHER_SECRET).status_code == 204


def test_forget(partner: RunningPartner) -> None:
    """After forgetting, an old webhook-id is new again."""
    partner.deliver(news())
    partner.delete()
    assert (partner.get("/picture"), partner.get("/raw"), partner.get("/deliveries")["count"]) == ({}, [], 0)
    partner.deliver(news())
    assert partner.get("/deliveries")["duplicates"] == 0


def test_handshake(partner: RunningPartner) -> None:
    """The validation token is returned decoded, as text/plain."""
    answer = requests.post(f"{partner.base}/graph?validationToken=Validation%3a+%25+%3Cb%3E", timeout=180)
    assert (answer.status_code, answer.text) == (200, "Validation: % <b>")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_client_state(partner: RunningPartner) -> None:
    """Only items with a registered clientState are kept; all get 202."""
    partner.post("/direct", {"clientState": "good"})
    items = [{"clientState": state, "id": number} for number, state in enumerate(["good", "bad", None, 5])]
    assert requests.post(f"{partner.base}/graph", json={"value": [*items, "x"]}, timeout=180).status_code == 202
    listed = partner.get("/direct")
    assert ([item["id"] for item in listed["notifications"]], listed["refused"]) == ([0], 4)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_bad_body(partner: RunningPartner, body: bytes) -> None:
    """A body that is no notification gets 400."""
    assert requests.post(f"{partner.base}/graph", body, timeout=180).status_code == 400


def test_escaped(partner: RunningPartner) -> None:
    """Titles are shown as text, never as HTML, and violations are shown."""
    partner.deliver(news(title="<script>alert('1')</script>", **{"<i>": 1}))
    text = requests.get(f"{partner.base}/", timeout=180).text
    assert "&lt;script&gt;" in text
    assert "unexpected field" in text
    assert "<script>" not in text
    assert "<i>" not in text


def test_odd_values(partner: RunningPartner) -> None:
    """Values of a wrong type do not break the page; a mailbox without events stays on it."""
    partner.deliver(news(start=None, title=7, id="b"), "a")
    partner.deliver(news(start="2026", end=[]), "b")
    partner.deliver(deleted(), "c")
    answer = requests.get(f"{partner.base}/", timeout=180)
    assert answer.status_code == 200
    assert "room1@contoso.com" in answer.text


@pytest.mark.parametrize("tls", [False, True])
def test_process(tmp_path: Path, *, tls: bool) -> None:
    """The process prints its address in a JSON line, serves there, and ends cleanly, even while a delivery hangs."""
    command = [sys.executable, "-m", "sandbox.partner", "--folder", str(tmp_path), "--secret", SECRET]
    command += ["--tls"] if tls else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            verify = str(tmp_path / "ca.pem") if tls else True
            assert ready["url"].startswith("https://localhost:" if tls else "http://127.0.0.1:")
            session = requests.Session()
            session.trust_env = False  # REQUESTS_CA_BUNDLE would override the CA passed here
            assert session.get(f"{ready['control']}/picture", verify=verify, timeout=180).json() == {}
            session.post(f"{ready['control']}/behaviour", json={"hang": True}, verify=verify, timeout=180)
            with pytest.raises(requests.ReadTimeout):
                session.post(ready["url"], b"{}", verify=verify, timeout=0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(180) == 0
            assert process.stdout.read() == ""
        finally:
            process.kill()
