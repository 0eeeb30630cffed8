"""The partner fails as planned: statuses, broken connections, silence and slow responses."""

import time
from typing import Any

import pytest
import requests

from tests.support.partner_process import OTHER_SECRET, RunningPartner, news

pytestmark = pytest.mark.server


def test_status(partner: RunningPartner) -> None:
    """A planned status is returned with its headers and body a number of times, without doing the work."""
    partner.post("/behaviour", {"status": 429, "headers": {"Retry-After": "7"}, "body": "later", "times": 2})
    answers = [partner.deliver(news()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 204]
    assert (answers[0].headers["Retry-After"], answers[0].text) == ("7", "later")
    assert partner.get("/deliveries")["duplicates"] == 0


def test_order_and_mailbox(partner: RunningPartner) -> None:
    """Behaviours are used in order, and one with a mailbox applies to that mailbox only."""
    partner.post("/behaviour", {"status": 500, "mailbox": "room2@contoso.com"})
    partner.post("/behaviour", {"status": 503, "times": 1})
    partner.post("/behaviour", {"status": 410})
    assert [partner.deliver(news()).status_code for _ in range(3)] == [503, 410, 410]
    partner.delete("/behaviour")
    assert partner.deliver(news()).status_code == 204


def test_other_success(partner: RunningPartner) -> None:
    """A planned 2xx is returned after the work; a bad signature still gets 401."""
    partner.post("/behaviour", {"status": 202})
    assert partner.deliver(news()).status_code == 202
    assert partner.deliver(news(), secret=OTHER_SECRET).status_code == 401
    assert partner.get("/deliveries")["taken"] == 1


@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
def test_cut(partner: RunningPartner, when: str, taken: int) -> None:
    """A broken connection gives no response; the work is done only when the break comes afterwards."""
    partner.post("/behaviour", {"cut": when, "times": 1})
    with pytest.raises(requests.ConnectionError):
        partner.deliver(news())
    journal = partner.get("/deliveries")
    assert (journal["taken"], journal["list"][0]["status"]) == (taken, None)
    assert partner.deliver(news()).status_code == 204
    assert partner.get("/deliveries")["duplicates"] == taken


def test_error_after_the_work(partner: RunningPartner) -> None:
    """A delivery that is taken can still get an error; its repetition is a duplicate. A forged one is not taken."""
    partner.post("/behaviour", {"status": 503, "taken": True, "times": 2})
    assert partner.deliver(news()).status_code == 503
    assert partner.deliver(news(), "msg_2", secret=OTHER_SECRET).status_code == 401
    journal = partner.get("/deliveries")
    assert (journal["taken"], journal["list"][0]["status"]) == (1, 503)
    assert partner.deliver(news()).status_code == 204
    assert partner.get("/deliveries")["duplicates"] == 1


@pytest.mark.parametrize("late", [{"hang": True}, {"delaySeconds": 0.5}])
def test_taken_without_an_answer_in_time(partner: RunningPartner, late: dict[str, Any]) -> None:
    """The work is done when the sender gives up; a bad signature is not taken."""
    partner.post("/behaviour", {"taken": True, "times": 2} | late)
    with pytest.raises(requests.ReadTimeout):
        partner.deliver(news(), secret=OTHER_SECRET, timeout=0.1)
    with pytest.raises(requests.ReadTimeout):
        partner.deliver(news(), timeout=0.1)
    assert [each["taken"] for each in partner.get("/deliveries")["list"]] == [False, True]


def test_hang(partner: RunningPartner) -> None:
    """A hanging delivery gets no response, and does not block others."""
    partner.post("/behaviour", {"hang": True, "times": 1})
    with pytest.raises(requests.ReadTimeout):
        partner.deliver(news(), timeout=0.1)
    assert partner.deliver(news()).status_code == 204


def test_delay(partner: RunningPartner) -> None:
    """A delayed delivery is received even when its sender gave up: the response is lost."""
    partner.post("/behaviour", {"delaySeconds": 0.2, "times": 1})
    with pytest.raises(requests.ReadTimeout):
        partner.deliver(news(), timeout=0.05)
    assert partner.get("/wait?deliveries=1&seconds=5&taken=true")["came"] is True


def test_drip(partner: RunningPartner) -> None:
    """A slow response sends its body byte by byte."""
    partner.post("/behaviour", {"drip": 100, "body": "x" * 20, "times": 1})
    began = time.monotonic()
    assert partner.deliver(news()).text == "x" * 20
    assert time.monotonic() - began > 0.15


def test_endless_drip(partner: RunningPartner) -> None:
    """Without a body the slow response lasts until the client ends it."""
    partner.post("/behaviour", {"drip": 1e8, "status": 500, "times": 1})
    with requests.post(f"{partner.base}/webhook", b"{}", stream=True, timeout=180) as answer:
        assert answer.status_code == 500
        assert sum(len(chunk) for _, chunk in zip(range(20), answer.iter_content(65536), strict=False)) > 200_000
    assert partner.deliver(news()).status_code == 204


@pytest.mark.parametrize(
    "given",
    [
        {"sattus": 500},
        {"status": "500"},
        {"status": True},
        {"status": 99},
        {"cut": "now"},
        {"times": 0},
        [],
        {"drip": 0},
        {"delaySeconds": -1},
        {"headers": {"a": 1}},
        {"taken": 1},
        {"taken": True, "cut": "before"},
    ],
)
def test_bad_control_body(partner: RunningPartner, given: Any) -> None:
    """An invalid control body gets 400 with the reason, and plans nothing."""
    answer = partner.post("/behaviour", given)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert partner.get("/behaviour") == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"secrets": []},
        {"secrets": ["x"]},
        {"secrets": ["whsec_"]},
        {"secrets": "x"},
    ],
)
def test_bad_secrets(partner: RunningPartner, given: Any) -> None:
    """Invalid secrets get 400, and the old ones stay."""
    assert partner.post("/secrets", given).status_code == 400
    assert partner.deliver(news()).status_code == 204
