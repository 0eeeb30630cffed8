"""plan, start, status, hold and release of `relay_admin dataverse`: which route is called, and what is printed."""

from __future__ import annotations

import pytest

from relay_admin.arguments import parser
from relay_admin.client import RelayClient
from relay_admin.dynamics.command import of_relay
from relay_admin.errors import FAILED, OK
from relay_admin.output import Output

STATE: dict[str, object] = {
    "startedAt": "2026-11-20T12:00:00Z",
    "pairs": {"paired": 7},
    "heldSince": None,
    "findings": ["a", "b"],
}
Call = tuple[str, str, object]  # method, path and body


class Relay(RelayClient):
    """Records calls, and answers them all alike."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: dict[str, object] = STATE

    def call(
        self, method: str, path: str, body: object = None, params: dict[str, str] | None = None, *, accept: int = 0
    ) -> dict[str, object]:
        """Record a call."""
        assert (params, accept) == (None, 0)
        self.calls.append((method, path, body))
        return self.answer


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ("status", ("GET", "/dataverse", None)), ("plan", ("POST", "/dataverse/plan", {})),
        ("start", ("POST", "/dataverse/start", {})),
        ("start --sandbox", ("POST", "/dataverse/start", {"sandbox": True})),
        ("hold", ("POST", "/dataverse/hold", {})), ("release", ("POST", "/dataverse/release", {})),
        ("hold --mailbox a@b.no", ("POST", "/dataverse/hold", {"mailbox": "a@b.no"})),
        ("release --mailbox a@b.no", ("POST", "/dataverse/release", {"mailbox": "a@b.no"})),
    ],
)  # fmt: skip
def test_each_verb_calls_its_route(typed: str, called: Call, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line of the answer is printed."""
    options, relay = parser().parse_args(["dataverse", *typed.split()]), Relay()
    assert (options.run, options.calls_relay) == (of_relay, True)
    expected = FAILED if typed == "plan" else OK  # the answer has findings
    assert of_relay(relay, Output(as_json=False), options) == expected
    assert relay.calls == [called]
    printed = capsys.readouterr().out
    for line in ("startedAt: 2026-11-20T12:00:00Z", "pairs: paired 7", "heldSince: none", "a\n", "b\n"):
        assert line in printed


def test_a_plan_without_findings_succeeds() -> None:
    """A script may go on with `start`."""
    relay = Relay()
    relay.answer = {"findings": [], "resources": []}
    options = parser().parse_args(["dataverse", "plan"])
    assert of_relay(relay, Output(as_json=True), options) == OK


@pytest.mark.parametrize("verb", ["setup", "check", "undo"])
def test_the_environments_verbs_call_no_relay(verb: str) -> None:
    """They need no address and no key of the relay."""
    app = "11111111-2222-4333-8444-555555555555"
    options = parser().parse_args(["dataverse", verb, "--environment", "https://x.crm4.dynamics.com", "--app-id", app])
    assert options.calls_relay is False
    assert (options.app_id, options.column, options.tenant) == (app, "", None)


@pytest.mark.parametrize(
    "typed", ["", "setup", "setup --environment x", "check --app-id x", "hold --sandbox", "rotate"]
)
def test_wrong_usage_is_refused(typed: str) -> None:
    """By the parser, with the exit code of wrong usage."""
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["dataverse", *typed.split()])
    assert caught.value.code == 2
