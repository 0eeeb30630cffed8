"""The command that lists and deletes subscriptions that no watch names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from relay_admin.__main__ import main
from relay_admin.commands.subscriptions import _WHY
from relay_admin.errors import FAILED, OK, USAGE
from tools.openapi.unknown_subscriptions import KeptSubscription

URL = "https://relay.example"
ADDRESS = f"{URL}/api/relay/unknown-subscriptions"
ITEM = {"id": "a" * 32, "graphSubscriptionId": "s-1", "mailbox": "lost@contoso.com",
        "expirationDateTime": "2026-11-28T10:00:00Z", "firstSeen": "2026-11-20T10:00:00Z",
        "lastSeen": "2026-11-21T10:00:00Z"}  # fmt: skip
NONE: dict[str, Any] = {"value": [], "nextLink": None, "count": 0, "asOf": "2026-11-21T10:00:00Z", "lastError": None}


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the terminal wide, so that no text of a table is folded."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Stand in for the relay."""
    with responses.RequestsMock() as mock:
        yield mock


def run(*arguments: str) -> int:
    """Run the command with a key."""
    return main(["subscriptions", *arguments, "--url", URL, "--key", "a-key"])


def kept(reason: str, name: str = "s-1") -> dict[str, str]:
    """Return a subscription that was not deleted."""
    return {"graphSubscriptionId": name, "mailbox": "lost@contoso.com", "reason": reason}


def answer(server: responses.RequestsMock, deleted: int, remaining: int, *items: dict[str, str]) -> None:
    """Add an answer to DELETE."""
    server.delete(ADDRESS, json={"deleted": deleted, "ended": 0, "kept": items, "remaining": remaining})


@pytest.mark.parametrize("arguments", [(), ("--delete",), ("--delete", "--yes"), ("--unknown", "--yes"), ("--yes",)])
def test_nothing_is_called_without_its_options(server: responses.RequestsMock, arguments: tuple[str, ...]) -> None:
    """A confirmation without the deletion confirms nothing."""
    assert run(*arguments) == USAGE
    assert len(server.calls) == 0


@pytest.mark.parametrize("arguments", [("--unknown",), ("--unknown", "--delete")])
def test_they_are_listed_with_what_to_do(
    server: responses.RequestsMock, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --yes nothing is deleted. The exit code is 1: a person decides."""
    server.get(ADDRESS, json=NONE | {"value": [ITEM], "count": 1})
    assert run(*arguments) == FAILED
    shown = capsys.readouterr().out
    assert "lost@contoso.com" in shown
    assert "1 subscription at Graph without a watch, as of 2026-11-21T10:00:00Z." in shown
    assert "subscriptions --unknown --delete --yes" in shown
    assert ("Nothing was changed" in shown) == ("--delete" in arguments)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [({}, OK, "0 subscriptions"), ({"asOf": None}, OK, "not counted yet"),
     ({"lastError": "Graph answered 403"}, FAILED, "Graph answered 403")],
)  # fmt: skip
def test_an_empty_list_says_how_old_it_is(
    server: responses.RequestsMock, changes: dict[str, Any], code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty list after audits that failed is no success."""
    server.get(ADDRESS, json=NONE | changes)
    assert run("--unknown") == code
    assert text in capsys.readouterr().out


def test_the_document_for_scripts_has_all_of_it(
    server: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Items of all pages, number and age."""
    server.get(ADDRESS, json=NONE | {"value": [ITEM], "count": 1})
    assert run("--unknown", "--json") == FAILED
    assert json.loads(capsys.readouterr().out) == {
        "value": [ITEM], "count": 1, "asOf": "2026-11-21T10:00:00Z", "lastError": None
    }  # fmt: skip


def test_a_deletion_goes_on_until_none_is_left(
    server: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """One call has a time limit; what it kept for good is shown at the end, too."""
    answer(server, 3, 4, kept("row-names-it"), kept("graph-error", "s-2"))
    answer(server, 5, 0)
    assert run("--unknown", "--delete", "--yes") == OK
    shown = capsys.readouterr().out
    assert "Deleted: 8 subscriptions. Had ended before: 0. Left: 0." in shown
    assert ("a watch names it by now" in shown, "s-2" in shown) == (True, False)


def test_a_deletion_ends_without_progress(server: responses.RequestsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """Graph is down, or what is left is needed."""
    answer(server, 1, 4, kept("only-subscription"))
    answer(server, 0, 4, kept("only-subscription"), kept("graph-error", "s-2"))
    assert run("--unknown", "--delete", "--yes") == FAILED
    shown = capsys.readouterr().out
    assert ("Left: 6." in shown, "the watch takes it over" in shown, "try again" in shown) == (True, True, True)


def test_a_refusal_is_shown(server: responses.RequestsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """A row cannot be read: the relay deletes nothing."""
    problem = {"title": "Rows of watches cannot be read", "detail": "Nothing was deleted", "status": 409}
    server.delete(ADDRESS, json=problem, status=409, content_type="application/problem+json")
    assert run("--unknown", "--delete", "--yes") == FAILED
    assert "Nothing was deleted" in capsys.readouterr().err


def test_each_reason_of_the_contract_has_a_text() -> None:
    """And no other reason has one."""
    reasons = KeptSubscription.model_json_schema()["properties"]["reason"]["enum"]
    assert sorted(_WHY) == sorted(reasons)
