"""The command `first-run`: what each stage asks, waits for and says, on a relay that answers from a script."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterable
from typing import Any, cast

import pytest

from relay_admin.client import RelayClient
from relay_admin.commands.first_run import first_run
from relay_admin.errors import FAILED, OK, Refused, Unreachable
from relay_admin.first_run.room import PAUSE
from relay_admin.first_run.warm import LIMIT
from relay_admin.output import Output
from tests.support.scripted_relay import GOOD, LIVE, MISSING, OUTSIDE, ROOM, Clock, ScriptedRelay


@pytest.fixture
def relay() -> ScriptedRelay:
    """Return a relay on which everything is right."""
    return ScriptedRelay(Clock())


Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(relay: ScriptedRelay, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command and returns its code and its document."""

    def running(*, wait: float = 7200, refused: Iterable[str] = (OUTSIDE,)) -> tuple[int, Any]:
        options = Namespace(room=ROOM, refused=list(refused), wait=wait)
        client = cast("RelayClient", relay)
        code = first_run(client, Output(as_json=True), options, clock=relay.clock, sleep=relay.clock.sleep)
        return code, json.loads(capsys.readouterr().out)

    return running


def marks(content: Any) -> dict[str, Any]:
    """Return each finding's mark by its name."""
    return {finding["name"]: finding["ok"] for finding in content["findings"]}


def test_a_good_relay_is_ready(relay: ScriptedRelay, run: Run) -> None:
    """Every stage once, in order; the last line says what to do, and no route books anything."""
    code, content = run()
    assert (code, content["ok"], content["url"]) == (OK, True, relay.url)
    assert marks(content) == dict.fromkeys(("warm", "check", "watch", "scope", "ping"), True)
    assert content["next"] == [f"Now book a meeting in {ROOM}; it reaches the partner in about ten seconds."]
    assert relay.paths() == ["/doctor", "/subscriptions/batch", "/doctor", "/doctor"]
    assert [body["ping"] for _, path, body in relay.calls if path == "/doctor"] == [False, False, True]


@pytest.mark.parametrize(
    "answers",
    [
        {"handshakes": ["answers 503 text/plain", "", ""]},
        {"version": [(503, {}), (200, {"package": None})]},
        {"version": [Unreachable("does not answer", "check"), (404, {})]},
        {"health": [(502, {}), (503, {"status": "down"})]},
    ],
)
def test_a_cold_app_is_waited_for(relay: ScriptedRelay, run: Run, answers: dict[str, list[Any]]) -> None:
    """Whatever it answers first. A relay that is down is warm: the doctor names the reason."""
    for name, value in answers.items():
        setattr(relay, name, value)
    code, content = run()
    assert (code, marks(content)["warm"]) == (OK, True)
    assert relay.clock.time > 0.5


def test_a_slow_handshake_is_no_answer(relay: ScriptedRelay, run: Run) -> None:
    """Graph would not wait for it: nothing is examined and nothing is watched."""
    relay.handshake_seconds = 3.5
    code, content = run()
    assert (code, marks(content), relay.calls) == (FAILED, {"warm": False}, [])
    assert "docs/deployment-problems.md" in content["next"][0]
    assert relay.clock.time <= LIMIT + 10


def test_a_refusal_by_address_says_from_where_to_run_it(relay: ScriptedRelay, run: Run) -> None:
    """Waiting does not help, and the app may be well."""
    relay.handshakes = ["answers 403 text/html instead of 200"]
    code, content = run()
    assert (code, "callerAddressRanges" in content["next"][0]) == (FAILED, True)


def test_without_any_answer_the_error_is_that_of_every_command(relay: ScriptedRelay, run: Run) -> None:
    """So its exit code is 3."""
    relay.version = [Unreachable("does not answer", "check the address")]
    with pytest.raises(Unreachable, match="does not answer"):
        run()


@pytest.mark.parametrize("name", ["settings", "token", "allowList"])
def test_a_prerequisite_that_fails_stops(relay: ScriptedRelay, run: Run, name: str) -> None:
    """With the doctor's own step, before anything is watched; waiting would not help."""
    relay.examined = [GOOD | {name: False}]
    code, content = run()
    assert (code, marks(content)) == (FAILED, {"warm": True, name: False})
    assert content["next"] == [f"Correct {name}."]
    assert relay.paths() == ["/doctor"]


def test_a_finding_that_no_first_change_needs_does_not_stop(relay: ScriptedRelay, run: Run) -> None:
    """Such as a refused watch of another room."""
    relay.examined = [GOOD | {"watches": False, "roomLists": None}]
    code, content = run()
    assert (code, marks(content)["check"]) == (OK, True)
    assert content["findings"][1]["detail"].startswith("6 of 8 checks of the doctor are good")


def test_a_scope_that_is_too_wide_stops(relay: ScriptedRelay, run: Run) -> None:
    """It is known as soon as the room can be read."""
    relay.examined = [GOOD | {"exchangeScope": False}]
    code, content = run()
    assert (code, marks(content)) == (FAILED, {"warm": True, "exchangeScope": False})


def test_a_scope_that_widens_while_waiting_stops(relay: ScriptedRelay, run: Run) -> None:
    """The doctor is asked again once the watch is live, and at the end."""
    relay.examined = [GOOD | {"calendarsRead": False, "exchangeScope": None}, GOOD | {"exchangeScope": False}]
    assert run()[0] == FAILED
    relay.examined, relay.pinged = [GOOD], GOOD | {"exchangeScope": False}
    assert run()[0] == FAILED


def test_exchange_is_waited_for(relay: ScriptedRelay, run: Run) -> None:
    """A grant that is not applied yet is no failure: first the watch, then reading."""
    waiting = GOOD | {"calendarsRead": False, "exchangeScope": False}
    relay.examined = [waiting, waiting, GOOD]
    relay.setup = [MISSING, MISSING, LIVE]
    code, content = run()
    assert (code, marks(content)["watch"]) == (OK, True)
    assert relay.clock.time >= 3 * PAUSE
    assert relay.paths().count("/subscriptions/batch") == 4


@pytest.mark.parametrize("wait", [0, 100])
def test_the_wait_ends(relay: ScriptedRelay, run: Run, wait: float) -> None:
    """It asks at least once, ends in time, and names the scripts that show and make the grant."""
    relay.setup = [MISSING]
    code, content = run(wait=wait)
    assert (code, marks(content)["watch"]) == (FAILED, False)
    assert relay.clock.time <= wait + 1
    assert relay.paths().count("/subscriptions/batch") == 1 + wait // PAUSE
    assert {"Test-RelayMailboxAccess.ps1", "Grant-RelayMailboxAccess.ps1"} <= set(
        content["next"][0].replace("/", " ").replace(";", " ").split()
    )


@pytest.mark.parametrize(
    ("status", "code", "is_waited_for"),
    [
        (503, "graph_unavailable", True), (503, "setup_in_progress", True), (429, "too_many_calls", True),
        (503, "relay_misconfigured", False), (502, "graph_rejected", False), (403, "mailbox_not_allowed", False),
        (422, "mailbox_unknown", False), (409, "delivery_differs", False),
    ],
)  # fmt: skip
def test_only_what_passes_is_waited_for(
    relay: ScriptedRelay, run: Run, status: int, code: str, *, is_waited_for: bool
) -> None:
    """What a person has to correct is said at once, with the relay's own words."""
    relay.setup = [{"status": status, "code": code, "title": "A title", "detail": "A detail"}, LIVE]
    done, content = run()
    assert (done == OK) is is_waited_for
    if not is_waited_for:
        assert content["findings"][-1]["detail"] == "A title: A detail"


@pytest.mark.parametrize("error", [Unreachable("gone", "wait"), Refused("busy", "wait", 503)])
def test_a_passing_error_while_waiting_ends_nothing(relay: ScriptedRelay, run: Run, error: Exception) -> None:
    """The app may restart within two hours."""
    relay.setup = [error, LIVE]
    assert run()[0] == OK


def test_a_watch_that_is_not_live_is_waited_for(relay: ScriptedRelay, run: Run) -> None:
    """Another process may be creating its subscription."""
    pending = {"status": 200, "subscription": {"state": "pending", "expirationDateTime": None, "lastError": None}}
    relay.setup = [pending, LIVE]
    assert run()[0] == OK
    assert relay.paths().count("/subscriptions/batch") == 2


def test_a_refusal_of_the_caller_is_that_of_every_command(relay: ScriptedRelay, run: Run) -> None:
    """A role that is missing."""
    relay.setup = [Refused("Role missing", "Ask for it", 403)]
    with pytest.raises(Refused, match="Role missing"):
        run()


def test_a_partner_without_the_secret_is_the_next_step(relay: ScriptedRelay, run: Run) -> None:
    """A 401 means that it cannot verify the signature yet."""
    relay.pinged = GOOD | {"partner": False}
    code, content = run()
    assert (code, marks(content)["watch"], marks(content)["ping"]) == (FAILED, True, False)
    assert "partner-signing-secret" in content["next"][0]


def test_a_ping_that_was_not_sent_is_no_success(relay: ScriptedRelay, run: Run) -> None:
    """Such as while deliveries are paused; the doctor says what to do."""
    relay.pinged = GOOD | {"partner": None}
    code, content = run()
    assert (code, content["next"]) == (FAILED, ["Correct partner."])


def test_without_a_refused_mailbox_the_scope_is_not_proved(relay: ScriptedRelay, run: Run) -> None:
    """The run succeeds, shows the scope as unknown, and says how to prove it."""
    relay.pinged = GOOD | {"exchangeScope": None}
    code, content = run(refused=[])
    assert (code, marks(content)["scope"]) == (OK, None)
    assert "--refused" in content["next"][1]
