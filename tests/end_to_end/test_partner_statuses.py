"""Claims about each answer of the partner, on the running stack. All are given at once, each to a room of its own.

The invariants of every answer: what it was given for arrives or lies as a dead letter, with one webhook-id, and the
next good change of the room arrives.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from shared.reliability.circuit_breaker import FAILURES
from tests.support.relay import Relay
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Answer:
    """How the partner answers the first delivery, and what becomes of it: taken, tried again, or dead."""

    how: dict[str, Any]
    end: str = "again"
    alert: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def behaviour(self) -> dict[str, Any]:
        """Return it as the partner's control takes it."""
        return {"times": 1, **self.how, **({"headers": self.headers} if self.headers else {})}


def _status(*statuses: int, end: str = "again", alert: bool = False, **headers: str) -> dict[str, Answer]:
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    note = "".join(f" {name}: {text[:30]}" for name, text in given.items())
    return {f"{status}{note}": Answer({"status": status}, end, alert, given) for status in statuses}


TABLE: dict[str, Answer] = {
    **_status(200, 201, 202, 203, 204, 206, 299, end="taken"),
    **_status(301, 302, 303, 307, 308, alert=True, Location="/graph?followed"),
    **_status(302, alert=True, Location="http://169.254.169.254/latest/meta-data"),
    **_status(304, 399, alert=True),
    **_status(400, 413, 422, end="dead"),
    **_status(401, 402, 403, 404, 405, 406, 409, 415, 421, 423, 451, alert=True),
    **_status(408, 425, 429, 500, 501, 502, 503, 504, 507, 599),
    **_status(429, 503, Retry_After="1"),
    **_status(429, Retry_After="7"),
    **_status(429, 503, Retry_After="soon"),
    **_status(429, Retry_After="-5"),
    **_status(429, Retry_After="Fri, 20 Nov 2020 10:00:00 GMT"),
    "cut before it was taken": Answer({"cut": "before"}),
    "cut after it was taken": Answer({"cut": "after"}),
    "200 with a large body": Answer({"status": 200, "body": "x" * 500_000}, "taken"),
    "200 that is no gzip": Answer({"status": 200, "body": "x"}, "taken", headers={"Content-Encoding": "gzip"}),
    "200 with a cookie": Answer({"status": 200}, "taken", headers={"Set-Cookie": "a=b"}),
    "500 with a page of HTML": Answer({"status": 500, "body": "<html>canary</html>"}),
    "no answer in time": Answer({"hang": True}),
}


@dataclass
class Campaign:
    """What came of it: the room and both events of each answer, the dead letters, and the log."""

    rooms: dict[str, str]
    events: dict[str, tuple[str, str]]
    attempts: dict[str, list[dict[str, Any]]]
    letters: dict[str, dict[str, Any]]
    log: str
    partner: dict[str, Any]
    paths: set[str]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """Give every answer to a delivery, then book a good one in the same room, and wait for what has to arrive."""
    # The settle time outlasts the hints of a change by more than clocks may differ: a late hint would be another try.
    with Relay.running(tmp_path_factory.mktemp("statuses"), {"SETTLE_SECONDS": "2"}) as relay:
        yield _played(relay, Path(relay.stack.host.log))


def _played(relay: Relay, log: Path) -> Campaign:
    rooms = {name: relay.watched() for name in TABLE}
    first: dict[str, str] = {}
    spare = relay.watched()
    for some in batched(TABLE, FAILURES - 1):  # with a success after them, so that the breaker stays out of it
        for name in some:
            relay.fail(rooms[name], **TABLE[name].behaviour)
            first[name] = relay.book(rooms[name])["immutableId"]
        eventually(lambda names=some: all(relay.attempts(rooms[name]) for name in names))  # type: ignore[misc]
        relay.book(spare, days=len(first))
        relay.in_step(spare)
    second = {name: relay.book(room, days=1)["immutableId"] for name, room in rooms.items()}
    wanted = {*second.values(), *(first[name] for name in TABLE if TABLE[name].end != "dead")}
    with contextlib.suppress(AssertionError):  # each test says what is missing
        eventually(lambda: wanted <= _received_ids(relay), 90)
    letters = relay.api.call("GET", "/dead-letters", key="master").json()["value"]
    return Campaign(
        rooms, {name: (first[name], second[name]) for name in TABLE},
        {name: relay.attempts(room) for name, room in rooms.items()},
        {letter["eventId"]: letter for letter in letters}, log.read_text(), relay.partner.deliveries(),
        {raw["path"] for raw in relay.partner.control("GET", "/raw")},
    )  # fmt: skip


def batched(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """Give names so many at a time."""
    left = iter(names)
    while some := list(islice(left, size)):
        yield some


def _received_ids(relay: Relay) -> set[str]:
    return {event["id"] for events in relay.partner.picture().values() for event in events}


@pytest.mark.parametrize("name", TABLE)
def test_an_answer_means_what_the_table_says(campaign: Campaign, name: str) -> None:
    """Taken once, tried again under the same webhook-id until it is taken, or a dead letter at once."""
    answer, (event, after) = TABLE[name], campaign.events[name]
    tries = [attempt for attempt in campaign.attempts[name] if attempt["eventId"] == event]
    assert len({attempt["webhookId"] for attempt in tries}) == 1
    if answer.end == "again":
        assert len(tries) >= 2
        assert tries[-1]["status"] == 204
    else:
        assert len(tries) == 1
    assert (event in campaign.letters) == (answer.end == "dead")
    if answer.end == "dead":
        letter = campaign.letters[event]
        assert (letter["reason"], letter["status"]) == ("rejected", answer.how["status"])
    assert [attempt["status"] for attempt in campaign.attempts[name] if attempt["eventId"] == after][-1] == 204


@pytest.mark.parametrize("name", [name for name, answer in TABLE.items() if answer.alert])
def test_what_does_not_heal_by_itself_is_an_error_in_the_log(campaign: Campaign, name: str) -> None:
    """A wrong key or address is for an administrator; an overload is not."""
    status = TABLE[name].how["status"]
    lines = [line for line in campaign.log.splitlines() if f"the delivery: status {status}" in line]
    assert lines
    assert all(" ERROR " in line for line in lines)


def test_what_heals_by_itself_is_none(campaign: Campaign) -> None:
    """Who reads every error must not be tired by overloads."""
    for status in (408, 429, 500, 503):
        assert f"the delivery: status {status}" in campaign.log
    errors = [line for line in campaign.log.splitlines() if " ERROR " in line]
    assert not [line for line in errors if "status 5" in line or "status 429" in line or "status 408" in line]


def test_no_redirect_is_followed_and_nothing_of_an_answer_is_logged(campaign: Campaign) -> None:
    """Bodies, cookies and addresses of answers go nowhere."""
    assert campaign.paths == {"/webhook"}
    assert campaign.partner["violations"] == []
    for trace in ("canary", "169.254", "followed", "a=b"):
        assert trace not in campaign.log
