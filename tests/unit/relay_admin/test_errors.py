"""A mistake in the command or at the address gives an exit code and advice, never a traceback."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from relay_admin.__main__ import main
from relay_admin.commands.deliveries import delivery_summary
from relay_admin.errors import FAILED, OK, UNREACHABLE, USAGE

URL, KEY = "https://relay.example", "a-key-of-the-relay"
COMMANDS = [line.split() for line in (
    "status", "doctor --no-ping", "watches", "watch a@b.example", "unwatch a@b.example", "resync --all",
    "dead-letters", "replay --all", "pause why", "uninstall --yes", "subscriptions --unknown",
    "subscriptions --unknown --delete --yes",
)]  # fmt: skip


@pytest.fixture(autouse=True)
def environ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove this machine's environment variables."""
    for name in ("RELAY_URL", "RELAY_KEY", "RELAY_AUDIENCE", "AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str, url: str = URL, key: str = KEY) -> int:
    """Run a command with a key."""
    return main([*arguments, "--url", url, "--key", key])


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'"relay"', b"[1]"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_response_of_another_service_means_not_reached(
    arguments: list[str], body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A 200 of another service is empty, or JSON without the relay's fields."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        for method in ("GET", "POST", "DELETE"):
            for path in ("health/checks", "relay", "relay/pause", "doctor", "room-lists", "subscriptions",
                         "subscriptions/batch", "dead-letters", "dead-letters/replay",
                         "relay/unknown-subscriptions"):  # fmt: skip
                server.add(method, f"{URL}/api/{path}", body=body, content_type="application/json")
            server.add(method, f"{URL}/api/notifications")
            server.add(method, f"{URL}/api/lifecycle")
        assert run(*arguments) == UNREACHABLE
    assert "--url or RELAY_URL" in capsys.readouterr().err


def test_a_problem_of_the_health_route_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A 503 reports a failed check or, as problem details, that the relay cannot authenticate callers."""
    problem = {"title": "A setting is wrong", "detail": "CALLS_PER_MINUTE: is no number"}
    with responses.RequestsMock() as server:
        server.get(f"{URL}/api/health/checks", json=problem, status=503, content_type="application/problem+json")
        assert run("status") == FAILED
    told = capsys.readouterr().err
    assert "A setting is wrong" in told
    assert "CALLS_PER_MINUTE" in told


def test_a_failed_health_check_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A 503 with checks is no error of the command."""
    checks: dict[str, Any] = {"checks": {"storage": {"ok": False, "detail": "storage denies access"}}}
    with responses.RequestsMock() as server:
        server.get(f"{URL}/api/health/checks", json=checks, status=503)
        server.get(f"{URL}/api/relay", json={"state": "flowing", "since": None, "reason": None, "waiting": 0,
                                             "deadLetters": 0, "countedTo": 1000})  # fmt: skip
        assert run("status") == FAILED
    assert "storage denies access" in capsys.readouterr().out


@pytest.mark.parametrize("url", [
    "https://[bad", "https://a..b", f"https://{'a' * 64}.example", "https://relay.example:99999", "https://",
    "https://relay.example:x", "https://.example", "https://[::1", "https://re lay", "https://r\u00e9l\u2024.example..",
])  # fmt: skip
def test_an_invalid_address_is_wrong_usage(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is sent."""
    assert run("watches", url=url) == USAGE
    assert "https://YOUR-APP" in capsys.readouterr().err


@pytest.mark.parametrize(
    "environ",
    [{"AZURE_TENANT_ID": "no tenant!"}, {"AZURE_AUTHORITY_HOST": "http://login.example"},
     {"AZURE_AUTHORITY_HOST": "https://[bad"}, {"AZURE_TOKEN_CREDENTIALS": "nonsense"},
     {"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": "/no/such/file.pem"}],
)  # fmt: skip
def test_an_environment_that_azure_identity_rejects_is_wrong_usage(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the variables to check, without their values."""
    sound = {"AZURE_TENANT_ID": "11111111-1111-1111-1111-111111111111", "AZURE_CLIENT_ID": "canary-id",
             "AZURE_CLIENT_SECRET": "canary-secret", "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}  # fmt: skip
    for name, value in {**sound, **environ}.items():
        monkeypatch.setenv(name, value)
    assert main(["watches", "--url", URL, "--audience", "api://x"]) == USAGE
    told = capsys.readouterr().err
    assert ("AZURE_TENANT_ID" in told, "AZURE_AUTHORITY_HOST" in told, "canary" in told) == (True, True, False)


def test_a_missing_key_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The input ends at the prompt, as in a pipeline."""

    def ends(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", ends)
    assert main(["watches", "--url", URL, "--ask-key"]) == USAGE
    assert "No key was given" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [
    ("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem"), ("HTTPS_PROXY", "http://a..b"), ("HTTPS_PROXY", "http://[bad"),
])  # fmt: skip
def test_a_broken_proxy_or_certificate_setting_means_not_reached(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the variable to check."""
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv(name, value)
    assert run("watches", url="https://relay.example:1") == UNREACHABLE
    assert name in capsys.readouterr().err


def test_an_empty_list_is_a_success() -> None:
    """No mailbox is watched, and nothing is wrong."""
    with responses.RequestsMock() as server:
        server.get(f"{URL}/api/subscriptions", json={"value": []})
        server.get(f"{URL}/api/room-lists", json={"value": []})
        assert run("watches") == OK


@pytest.mark.parametrize(
    ("state", "text"),
    [({}, ""), ({"retried": 0, "late": False, "retriedSince": None}, ""),
     ({"retried": 3, "late": False, "retriedSince": "T"}, "; 3 retried since T"),
     ({"retried": 1000, "late": True, "retriedSince": "T"}, "; 1000+ retried since T, more than ten minutes late")],
)  # fmt: skip
def test_the_summary_says_what_is_retried(state: dict[str, Any], text: str) -> None:
    """A relay of an earlier version does not say it."""
    numbers = {"waiting": 0, "deadLetters": 0, "countedTo": 1000}
    state = {"state": "flowing", "since": None, "reason": None} | numbers | state
    assert delivery_summary(state) == f"Deliveries are flowing; 0 waiting changes, 0 dead letters{text}."
