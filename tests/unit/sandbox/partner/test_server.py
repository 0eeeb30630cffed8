"""The partner over HTTP: deliveries, planted failures, the direct receiver, the page and the process."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.partner_process import OTHER_SECRET, SECRET, RunningPartner, deleted, news, running_partner

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def served() -> Iterator[RunningPartner]:
    """One partner for all tests here."""
    with running_partner() as partner:
        yield partner


@pytest.fixture
def partner(served: RunningPartner) -> RunningPartner:
    """The partner, with nothing received and nothing planted."""
    served.delete("/behaviour")
    served.post("/secrets", {"secrets": [SECRET]})
    served.delete()
    return served


def test_picture_and_journal(partner: RunningPartner) -> None:
    """A delivery is in the picture and in the journal with its attempt number."""
    assert partner.deliver(news()).status_code == 204
    assert partner.deliver(news()).status_code == 204
    assert [event["id"] for event in partner.get("/picture")["room1@contoso.com"]] == ["AAMk1"]
    journal = partner.get("/deliveries")
    assert (journal["count"], journal["distinct"], journal["taken"], journal["duplicates"]) == (2, 1, 1, 1)
    assert journal["byType"] == {"calendar.event.updated": 1}
    second = partner.get("/deliveries?since=1")["list"]
    assert [(each["number"], each["attempt"], each["status"]) for each in second] == [(2, 2, 204)]


def test_violation(partner: RunningPartner) -> None:
    """A field too many, and a wrong content type, are shown as violations."""
    partner.deliver(news(location="Oslo"), **{"content-type": "text/plain"})
    lines = [each["violation"] for each in partner.get("/deliveries")["violations"]]
    assert lines == ["data.event: unexpected field 'location'", "Content-Type: not application/json"]


def test_refused(partner: RunningPartner) -> None:
    """A forged delivery gets 401, is counted as refused and changes nothing."""
    assert partner.deliver(news(), secret=OTHER_SECRET).status_code == 401
    assert partner.get("/deliveries")["refused"] == 1
    assert partner.get("/picture") == {}


def test_raw(partner: RunningPartner) -> None:
    """Every request is kept as it came: refused ones, and those to unknown paths."""
    requests.post(f"{partner.base}/elsewhere?x=canary-1", b"canary-2\xff", headers={"x-y": "canary-3"}, timeout=5)
    kept = json.dumps(partner.get("/raw"))
    assert all(canary in kept for canary in ("canary-1", "canary-2", "canary-3"))


def test_wait(partner: RunningPartner) -> None:
    """A wait ends as soon as enough distinct ids came, and says so; or when time is over."""
    partner.deliver(news(), "a")
    partner.deliver(news(), "a")
    assert partner.get("/wait?deliveries=1&seconds=30")["came"] is True
    assert partner.get("/wait?deliveries=2&seconds=0.05") == {"came": False, "count": 2, "distinct": 1, "taken": 1}


def test_wait_for_taken(partner: RunningPartner) -> None:
    """A delivery that was answered with an error came, but was not taken."""
    partner.post("/behaviour", {"status": 500, "times": 1})
    partner.deliver(news())
    assert partner.get("/wait?deliveries=1&seconds=0.05")["came"] is True
    assert partner.get("/wait?deliveries=1&seconds=0.05&taken=true")["came"] is False


def test_rotation(partner: RunningPartner) -> None:
    """New secrets hold from the next delivery on."""
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


def test_status(partner: RunningPartner) -> None:
    """A planted status comes with its headers and body for so many times, and the work is not done."""
    partner.post("/behaviour", {"status": 429, "headers": {"Retry-After": "7"}, "body": "later", "times": 2})
    answers = [partner.deliver(news()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 204]
    assert (answers[0].headers["Retry-After"], answers[0].text) == ("7", "later")
    assert partner.get("/deliveries")["duplicates"] == 0


def test_order_and_mailbox(partner: RunningPartner) -> None:
    """Behaviours are used up in order, and one with a mailbox concerns that one only."""
    partner.post("/behaviour", {"status": 500, "mailbox": "room2@contoso.com"})
    partner.post("/behaviour", {"status": 503, "times": 1})
    partner.post("/behaviour", {"status": 410})
    assert [partner.deliver(news()).status_code for _ in range(3)] == [503, 410, 410]
    partner.delete("/behaviour")
    assert partner.deliver(news()).status_code == 204


def test_other_success(partner: RunningPartner) -> None:
    """A planted 2xx is given after the work; a bad signature still gets its 401."""
    partner.post("/behaviour", {"status": 202})
    assert partner.deliver(news()).status_code == 202
    assert partner.deliver(news(), secret=OTHER_SECRET).status_code == 401
    assert partner.get("/deliveries")["taken"] == 1


@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
def test_cut(partner: RunningPartner, when: str, taken: int) -> None:
    """A cut connection gives no answer; the work is done only when it is cut afterwards."""
    partner.post("/behaviour", {"cut": when, "times": 1})
    with pytest.raises(requests.ConnectionError):
        partner.deliver(news())
    journal = partner.get("/deliveries")
    assert (journal["taken"], journal["list"][0]["status"]) == (taken, None)
    assert partner.deliver(news()).status_code == 204
    assert partner.get("/deliveries")["duplicates"] == taken


def test_hang(partner: RunningPartner) -> None:
    """A hanging delivery is never answered, and holds up no other."""
    partner.post("/behaviour", {"hang": True, "times": 1})
    with pytest.raises(requests.ReadTimeout):
        partner.deliver(news(), timeout=0.1)
    assert partner.deliver(news()).status_code == 204


def test_delay(partner: RunningPartner) -> None:
    """A delayed delivery is received even when its sender gave up: the lost answer."""
    partner.post("/behaviour", {"delaySeconds": 0.2, "times": 1})
    with pytest.raises(requests.ReadTimeout):
        partner.deliver(news(), timeout=0.05)
    assert partner.get("/wait?deliveries=1&seconds=5&taken=true")["came"] is True


def test_drip(partner: RunningPartner) -> None:
    """A dripping answer sends its body slowly."""
    partner.post("/behaviour", {"drip": 100, "body": "x" * 20, "times": 1})
    began = time.monotonic()
    assert partner.deliver(news()).text == "x" * 20
    assert time.monotonic() - began > 0.15


def test_endless_drip(partner: RunningPartner) -> None:
    """Without a body the dripping does not end before the client does, and then it does end."""
    partner.post("/behaviour", {"drip": 1e8, "status": 500, "times": 1})
    with requests.post(f"{partner.base}/webhook", b"{}", stream=True, timeout=5) as answer:
        assert answer.status_code == 500
        assert sum(len(chunk) for _, chunk in zip(range(20), answer.iter_content(65536), strict=False)) > 200_000
    assert partner.deliver(news()).status_code == 204


@pytest.mark.parametrize("given", [
    {"sattus": 500}, {"status": "500"}, {"status": True}, {"status": 99}, {"cut": "now"}, {"times": 0}, [],
    {"drip": 0}, {"delaySeconds": -1}, {"headers": {"a": 1}},
])
def test_bad_control_body(partner: RunningPartner, given: Any) -> None:
    """A control body that makes no sense gets 400 with what is wrong, and plants nothing."""
    answer = partner.post("/behaviour", given)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert partner.get("/behaviour") == []


@pytest.mark.parametrize("given", [
    {}, {"secrets": []}, {"secrets": ["x"]}, {"secrets": ["whsec_"]}, {"secrets": "x"},
])
def test_bad_secrets(partner: RunningPartner, given: Any) -> None:
    """Secrets that are none get 400, and the old ones stay."""
    assert partner.post("/secrets", given).status_code == 400
    assert partner.deliver(news()).status_code == 204


def test_handshake(partner: RunningPartner) -> None:
    """The validation token comes back decoded, as text/plain."""
    answer = requests.post(f"{partner.base}/graph?validationToken=Validation%3a+%25+%3Cb%3E", timeout=5)
    assert (answer.status_code, answer.text) == (200, "Validation: % <b>")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_client_state(partner: RunningPartner) -> None:
    """Only items with a registered clientState are kept; all get 202."""
    partner.post("/direct", {"clientState": "good"})
    items = [{"clientState": state, "id": number} for number, state in enumerate(["good", "bad", None, 5])]
    assert requests.post(f"{partner.base}/graph", json={"value": [*items, "x"]}, timeout=5).status_code == 202
    listed = partner.get("/direct")
    assert ([item["id"] for item in listed["notifications"]], listed["refused"]) == ([0], 4)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_bad_body(partner: RunningPartner, body: bytes) -> None:
    """What is no notification gets 400."""
    assert requests.post(f"{partner.base}/graph", body, timeout=5).status_code == 400


def test_escaped(partner: RunningPartner) -> None:
    """Titles are shown as text, never as HTML, and violations are shown."""
    partner.deliver(news(title="<script>alert('1')</script>", **{"<i>": 1}))
    text = requests.get(f"{partner.base}/", timeout=5).text
    assert "&lt;script&gt;" in text
    assert "unexpected field" in text
    assert "<script>" not in text
    assert "<i>" not in text


def test_odd_values(partner: RunningPartner) -> None:
    """Values of wrong kinds do not break the page; a mailbox without events stays on it."""
    partner.deliver(news(start=None, title=7, id="b"), "a")
    partner.deliver(news(start="2026", end=[]), "b")
    partner.deliver(deleted(), "c")
    answer = requests.get(f"{partner.base}/", timeout=5)
    assert answer.status_code == 200
    assert "room1@contoso.com" in answer.text


@pytest.mark.parametrize("tls", [False, True])
def test_process(tmp_path: Path, *, tls: bool) -> None:
    """The process says where it is in one JSON line, serves there, and ends cleanly, even while a delivery hangs."""
    command = [sys.executable, "-m", "sandbox.partner", "--folder", str(tmp_path), "--secret", SECRET]
    command += ["--tls"] if tls else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            verify = str(tmp_path / "ca.pem") if tls else True
            assert ready["url"].startswith("https://localhost:" if tls else "http://127.0.0.1:")
            session = requests.Session()
            session.trust_env = False  # REQUESTS_CA_BUNDLE would beat the CA that is given here
            assert session.get(f"{ready['control']}/picture", verify=verify, timeout=5).json() == {}
            session.post(f"{ready['control']}/behaviour", json={"hang": True}, verify=verify, timeout=5)
            with pytest.raises(requests.ReadTimeout):
                session.post(ready["url"], b"{}", verify=verify, timeout=0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0
            assert process.stdout.read() == ""
        finally:
            process.kill()
