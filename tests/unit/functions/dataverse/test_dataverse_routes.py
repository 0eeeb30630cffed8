"""The handlers of the feature dataverse: what they pass on, what they return, and what they refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from functions import dataverse
from functions.dataverse import (
    follow_dataverse,
    get_dataverse,
    hold_dataverse,
    keep_poisoned_pairs,
    plan_dataverse,
    release_dataverse,
    settle_pairs,
    start_dataverse,
)
from shared import problems
from shared.errors import RequestRejected, ServiceUnavailable
from tests.unit.functions.conftest import HostWorld, call, content_of

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STATE = SimpleNamespace(
    started_at=NOON, organization="o1", held_since=None, token_age_seconds=61.5, resources={"followed": 3},
    pairs={"paired": 7, "held": 1}, waiting=2, dead_letters=0,
    mailboxes_held=1, oldest_hint_seconds=40, breaker_until=NOON, last_webhook_at=NOON,
)  # fmt: skip
SHOWN = {
    "startedAt": "2026-11-20T12:00:00Z", "organization": "o1", "heldSince": None, "tokenAgeSeconds": 61.5,
    "resources": {"followed": 3}, "pairs": {"paired": 7, "held": 1}, "waiting": 2, "deadLetters": 0,
    "mailboxesHeld": 1, "oldestHintSeconds": 40,
    "circuitBreakerUntil": "2026-11-20T12:00:00Z", "lastWebhookAt": "2026-11-20T12:00:00Z",
}  # fmt: skip


@dataclass
class Feature:
    """Every service of the feature; each call is recorded, and `error` is raised instead of an answer."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    error: Exception | None = None

    def _did(self, *what: Any) -> None:
        self.calls.append(what)
        if self.error:
            raise self.error

    def plan(self) -> Any:
        """Return a plan."""
        self._did("plan")
        resources = (
            SimpleNamespace(id="r1", state="followed", events_to_make=4, bookings_to_make=2, events_to_remove=2),
        )
        return SimpleNamespace(
            organization="o1", environment_type="Customer", direction="both", resources=resources, findings=("x",)
        )

    def start(self, caller: str, *, sandbox: bool) -> Any:
        """Return what was started."""
        self._did("start", caller, sandbox)
        return SimpleNamespace(organization="o1", resources=3, watches=2)

    def hold(self, caller: str, mailbox: str = "") -> None:
        """Record a hold."""
        self._did("hold", caller, mailbox)

    def release(self, caller: str, mailbox: str = "") -> None:
        """Record a release."""
        self._did("release", caller, mailbox)

    def status(self) -> Any:
        """Return the state."""
        return STATE

    def run(self) -> None:
        """Record a run."""
        self._did("run")

    def process(self, text: str) -> None:
        """Record a message."""
        self._did("process", text)

    def poison(self, text: str) -> None:
        """Record a poison message."""
        self._did("poison", text)


@pytest.fixture
def feature(world: HostWorld, monkeypatch: pytest.MonkeyPatch) -> Feature:
    """Return the services, in the App."""
    monkeypatch.setattr(dataverse, "relay", lambda: world)
    services = Feature()
    for name in ("dataverse_plan", "dataverse_start", "dataverse_hold", "dataverse_status", "follow", "pair_settling",
                 "pair_dead_letters"):  # fmt: skip
        setattr(world, name, services)
    return services


def message(text: str) -> func.QueueMessage:
    """Return a message of the queue."""
    return func.QueueMessage(body=text.encode())


def test_the_state_is_returned(feature: Feature) -> None:
    """Times in UTC; what there is not is null."""
    answer = call(get_dataverse, "GET")
    assert (answer.status_code, content_of(answer)) == (200, SHOWN)
    assert feature.calls == []


def test_a_plan_is_returned_and_changes_nothing(feature: Feature) -> None:
    """With a resource for each line, and the findings as sentences."""
    answer = call(plan_dataverse, body={})
    assert answer.status_code == 200
    assert content_of(answer) == {
        "organization": "o1", "environmentType": "Customer", "direction": "both", "findings": ["x"],
        "resources": [
            {"id": "r1", "state": "followed", "eventsToMake": 4, "bookingsToMake": 2, "eventsToRemove": 2},
        ],
    }  # fmt: skip
    assert feature.calls == [("plan",)]


@pytest.mark.parametrize(("body", "sandbox"), [({}, False), ({"sandbox": False}, False), ({"sandbox": True}, True)])
def test_start_passes_on_the_caller_and_the_flag(feature: Feature, body: dict[str, Any], sandbox: bool) -> None:  # noqa: FBT001
    """A non-production environment has to be allowed in so many words."""
    answer = call(start_dataverse, body=body)
    assert (answer.status_code, content_of(answer)) == (200, {"organization": "o1", "resources": 3, "watches": 2})
    [(name, caller, given)] = feature.calls
    assert (name, bool(caller), given) == ("start", True, sandbox)


@pytest.mark.parametrize(("handler", "name"), [(hold_dataverse, "hold"), (release_dataverse, "release")])
@pytest.mark.parametrize(("body", "mailbox"), [({}, ""), ({"mailbox": "Ola@contoso.com"}, "ola@contoso.com")])
def test_hold_and_release_take_a_mailbox_or_everything(
    feature: Feature, handler: Any, name: str, body: dict[str, Any], mailbox: str
) -> None:
    """The answer is the state."""
    answer = call(handler, body=body)
    assert (answer.status_code, content_of(answer)) == (200, SHOWN)
    [(called, _, given)] = feature.calls
    assert (called, given.lower()) == (name, mailbox)


@pytest.mark.parametrize(
    ("handler", "body"),
    [
        (plan_dataverse, {"sandbox": True}), (start_dataverse, {"sandbox": "yes"}), (start_dataverse, {"sandbox": 1}),
        (start_dataverse, {"sandbox": None}), (start_dataverse, {"force": True}), (hold_dataverse, {"mailbox": None}),
        (hold_dataverse, {"mailbox": ""}), (hold_dataverse, {"mailbox": "ola"}), (hold_dataverse, {"resource": "r"}),
        (release_dataverse, {"mailbox": ["ola@contoso.com"]}), (release_dataverse, {"all": True}),
    ],
)  # fmt: skip
def test_another_body_is_refused(feature: Feature, handler: Any, body: dict[str, Any]) -> None:
    """A misspelt mailbox must not hold everything, and release must not release it."""
    answer = call(handler, body=body)
    assert answer.status_code in (400, 422)
    assert content_of(answer)["code"]
    assert feature.calls == []


def test_a_refusal_is_a_problem(feature: Feature) -> None:
    """With the code of the use case; a failure of storage is 503."""
    feature.error = RequestRejected(problems.HELD_BY_FEATURE, "Do this.")
    answer = call(start_dataverse, body={})
    assert (answer.status_code, content_of(answer)["code"]) == (409, "held_by_feature")
    feature.error = ServiceUnavailable("storage")
    assert call(start_dataverse, body={}).status_code == 503


def test_timer_and_queues_each_call_a_use_case(feature: Feature) -> None:
    """A message is passed on as a text, whatever it holds."""
    follow_dataverse(None)
    settle_pairs(message("{}"))
    keep_poisoned_pairs(message("é"))
    keep_poisoned_pairs(func.QueueMessage(body=b"\xff"))
    assert feature.calls == [("run",), ("process", "{}"), ("poison", "é"), ("poison", "\ufffd")]


def test_the_host_tries_again_what_fails(feature: Feature) -> None:
    """An error leaves the handler, so that the host keeps the message."""
    feature.error = ServiceUnavailable("storage")
    for handler, given in ((follow_dataverse, None), (settle_pairs, message("{}"))):
        with pytest.raises(ServiceUnavailable):
            handler(given)
