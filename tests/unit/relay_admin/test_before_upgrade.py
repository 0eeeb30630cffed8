"""The command before-upgrade: what it reads of the relay that runs, of a file and of the vault; and its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import responses

from relay_admin.__main__ import main
from relay_admin.errors import FAILED, UNREACHABLE, USAGE

URL = "https://relay.example"
WATCH = {"id": "1", "mailbox": "a@contoso.com", "delivery": "relay", "notificationUrl": None}
REFUSED = WATCH | {"mailbox": "a%41@contoso.com"}


def run(watches: list[dict[str, Any]], *arguments: str, status: int = 200) -> int:
    """Run the command against a relay with these watches."""
    with responses.RequestsMock() as server:
        server.get(f"{URL}/api/subscriptions", json={"value": watches}, status=status)
        return main(["before-upgrade", "--url", URL, "--key", "a-key", *arguments])


def settings_file(folder: Path, **settings: str) -> str:
    """Return the path of a file as az writes it."""
    path = folder / "settings.json"
    path.write_text(
        json.dumps([{"name": name, "value": value, "slotSetting": False} for name, value in settings.items()])
    )
    return str(path)


def test_without_settings_and_vault_the_result_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """And the steps say how to know."""
    assert run([WATCH], "--json") == UNREACHABLE
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is None
    unknown = {each["name"]: each["whatToDo"] for each in content["findings"] if each["ok"] is None}
    assert unknown.keys() == {"clientStateKey", "settings"}
    assert "appsettings list" in unknown["settings"]


def test_what_would_stop_is_worse_than_an_unknown_result(capsys: pytest.CaptureFixture[str]) -> None:
    """With its step, for people."""
    assert run([WATCH, REFUSED]) == FAILED
    out = capsys.readouterr().out
    assert "Something that works would stop with this version." in out
    assert "mailboxes: Give each another address" in out


def test_settings_come_from_a_file_or_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As az prints them; a warning alone is no failure."""
    path = settings_file(tmp_path, TRUST_APP_SERVICE_AUTH="true", EMPTY="")
    assert run([WATCH], "--settings", path, "--json") == UNREACHABLE  # the key
    first = capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(Path(path).read_text()))
    assert run([WATCH], "--settings", "-", "--json") == UNREACHABLE
    assert capsys.readouterr().out == first
    [finding] = [each for each in json.loads(first)["findings"] if each["name"] == "settings"]
    assert (finding["ok"], finding["stops"]) == (False, False)


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", '[{"name": "X"}]', "\xff"])
def test_another_file_is_a_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Nothing is concluded from it."""
    (tmp_path / "x").write_bytes(text.encode("latin-1"))
    assert main(["before-upgrade", "--url", URL, "--key", "k", "--settings", str(tmp_path / "x")]) == USAGE
    assert "appsettings list" in capsys.readouterr().err


def test_a_relay_that_does_not_answer_is_an_error() -> None:
    """And not an empty list of watches."""
    assert run([], status=500) in (FAILED, UNREACHABLE)
