"""Claims about each response of the partner on the running stack, each in a separate room.

Invariants of every response: its change arrives or becomes a dead letter, under one webhook-id, and the next change of
the room arrives.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from shared.reliability.circuit_breaker import FAILURES
from tests.support.relay import Relay
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own


@dataclass(frozen=True)
class Response:
    """The partner's response to the first delivery, and its outcome: delivered, retried, or dead."""

    behaviour: dict[str, Any]
    outcome: str = "retried"
    alert: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def control(self) -> dict[str, Any]:
        """Return the body of the partner's control call."""
        return {"times": 1, **self.behaviour, **({"headers": self.headers} if self.headers else {})}


def _status(*statuses: int, outcome: str = "retried", alert: bool = False, **headers: str) -> dict[str, Response]:
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    note = "".join(f" {name}: {text[:30]}" for name, text in fields.items())
    return {f"{status}{note}": Response({"status": status}, outcome, alert, fields) for status in statuses}


TABLE: dict[str, Response] = {
    **_status(200, 201, 202, 203, 204, 206, 299, outcome="delivered"),
    **_status(301, 302, 303, 307, 308, alert=True, Location="/graph?followed"),
    **_status(302, alert=True, Location="http://169.254.169.254/latest/meta-data"),
    **_status(304, 399, alert=True),
    **_status(400, 413, 422, outcome="dead"),
    **_status(401, 402, 403, 404, 405, 406, 409, 415, 421, 423, 451, alert=True),
    **_status(408, 425, 429, 500, 501, 502, 503, 504, 507, 599),
    **_status(429, 503, Retry_After="1"),
    **_status(429, Retry_After="7"),
    **_status(429, 503, Retry_After="soon"),
    **_status(429, Retry_After="-5"),
    **_status(429, Retry_After="Fri, 20 Nov 2020 10:00:00 GMT"),
    "cut before it was accepted": Response({"cut": "before"}),
    "cut after it was accepted": Response({"cut": "after"}),
    "200 with a large body": Response({"status": 200, "body": "x" * 500_000}, "delivered"),
    "200 that is no gzip": Response({"status": 200, "body": "x"}, "delivered", headers={"Content-Encoding": "gzip"}),
    "200 with a cookie": Response({"status": 200}, "delivered", headers={"Set-Cookie": "a=b"}),
    "500 with a page of HTML": Response({"status": 500, "body": "<html>canary</html>"}),
    "no answer in time": Response({"hang": True}),
}


@dataclass
class Campaign:
    """The results: rooms, events and attempts by response; dead letters by event; log, deliveries and paths."""

    rooms: dict[str, str]
    events: dict[str, tuple[str, str]]
    attempts: dict[str, list[dict[str, Any]]]
    letters: dict[str, dict[str, Any]]
    log: str
    partner: dict[str, Any]
    paths: set[str]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """Give each response to a delivery, book a second event in the same room, and wait for the expected deliveries."""
    # The settle time exceeds the spread of hints by more than clocks may differ: a late hint would be another attempt.
    with Relay.running(tmp_path_factory.mktemp("statuses"), {"SETTLE_SECONDS": "5"}) as relay:
        yield _played(relay, Path(relay.stack.host.log))


def _are_attempted(relay: Relay, addresses: Iterable[str]) -> bool:
    return all(relay.attempts(address) for address in addresses)


def _played(relay: Relay, log: Path) -> Campaign:
    rooms = {name: relay.watched() for name in TABLE}
    first: dict[str, str] = {}
    spare = relay.watched()
    for names in batched(TABLE, FAILURES - 1):  # a success after each batch keeps the circuit breaker closed
        for name in names:
            relay.fail(rooms[name], **TABLE[name].control)
            first[name] = relay.book(rooms[name])["immutableId"]
        eventually(partial(_are_attempted, relay, [rooms[name] for name in names]))
        relay.book(spare, days=len(first))
        relay.in_step(spare)
    second = {name: relay.book(room, days=1)["immutableId"] for name, room in rooms.items()}
    expected = {*second.values(), *(first[name] for name in TABLE if TABLE[name].outcome != "dead")}
    with contextlib.suppress(AssertionError):  # each test reports its missing delivery
        eventually(lambda: expected <= _received_ids(relay))
    letters = relay.api.call("GET", "/dead-letters", key="master").json()["value"]
    return Campaign(
        rooms, {name: (first[name], second[name]) for name in TABLE},
        {name: relay.attempts(room) for name, room in rooms.items()},
        {letter["eventId"]: letter for letter in letters}, log.read_text(), relay.partner.deliveries(),
        {raw["path"] for raw in relay.partner.control("GET", "/raw")},
    )  # fmt: skip


def batched(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield names in batches of a size."""
    remaining = iter(names)
    while batch := list(islice(remaining, size)):
        yield batch


def _received_ids(relay: Relay) -> set[str]:
    return {event["id"] for events in relay.partner.calendars().values() for event in events}


@pytest.mark.parametrize("name", TABLE)
def test_each_response_has_its_outcome(campaign: Campaign, name: str) -> None:
    """The change is delivered once, retried under the same webhook-id until accepted, or a dead letter immediately."""
    response, (event, after) = TABLE[name], campaign.events[name]
    attempts = [attempt for attempt in campaign.attempts[name] if attempt["eventId"] == event]
    assert len({attempt["webhookId"] for attempt in attempts}) == 1
    if response.outcome == "retried":
        assert len(attempts) >= 2
        assert attempts[-1]["status"] == 204
    else:
        assert len(attempts) == 1
    assert (event in campaign.letters) == (response.outcome == "dead")
    if response.outcome == "dead":
        letter = campaign.letters[event]
        assert (letter["reason"], letter["status"]) == ("rejected", response.behaviour["status"])
    assert [attempt["status"] for attempt in campaign.attempts[name] if attempt["eventId"] == after][-1] == 204


@pytest.mark.parametrize("name", [name for name, response in TABLE.items() if response.alert])
def test_a_lasting_failure_is_an_error_in_the_log(campaign: Campaign, name: str) -> None:
    """A status that only an administrator can fix is logged at the level ERROR."""
    status = TABLE[name].behaviour["status"]
    lines = [line for line in campaign.log.splitlines() if f"the delivery: status {status}" in line]
    assert lines
    assert all(" ERROR " in line for line in lines)


def test_a_transient_failure_is_no_error_in_the_log(campaign: Campaign) -> None:
    """An overloaded partner adds no errors to the log, because administrators are alerted to errors."""
    for status in (408, 429, 500, 503):
        assert f"the delivery: status {status}" in campaign.log
    errors = [line for line in campaign.log.splitlines() if " ERROR " in line]
    assert not [line for line in errors if "status 5" in line or "status 429" in line or "status 408" in line]


def test_no_redirect_is_followed_and_nothing_of_a_response_is_logged(campaign: Campaign) -> None:
    """Bodies, cookies and Location headers are not used or logged."""
    assert campaign.paths == {"/webhook"}
    assert campaign.partner["violations"] == []
    for trace in ("canary", "169.254", "followed", "a=b"):
        assert trace not in campaign.log
