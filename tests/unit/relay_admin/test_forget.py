"""The command forget asks first, and says what was deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from relay_admin.__main__ import main
from relay_admin.arguments import parser
from relay_admin.client import RelayClient
from relay_admin.commands.forget import forget
from relay_admin.errors import FAILED, OK, USAGE
from relay_admin.output import Output
from relay_admin.sign_in import ByKey
from tools.openapi.forgetting import ForgottenMailbox

URL, MAILBOX = "https://relay.example", "ola@contoso.com"
NOTHING: dict[str, Any] = {
    "watches": 0, "subscriptions": 0, "unknownSubscriptions": 0, "ledgerEntries": 0, "parkedChanges": 0,
    "deadLetters": 0, "slotBookings": 0, "replays": 0, "allowed": False,
}  # fmt: skip
SOME = NOTHING | {"watches": 1, "subscriptions": 1, "ledgerEntries": 7, "allowed": True}
ARGUMENTS = ["forget", MAILBOX, "--url", URL, "--key", "k"]


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Stand in for a relay."""
    with responses.RequestsMock() as mock:
        yield mock


def answered(text: str | None) -> int:
    """Run the command and answer its question."""
    return forget(
        RelayClient(URL, ByKey("k")), Output(as_json=False), parser().parse_args(ARGUMENTS), prompt=lambda _: text
    )


@pytest.mark.parametrize(("answer", "is_called"), [("y", True), ("YES", True), ("", False), ("n", False)])
def test_it_needs_a_yes(server: responses.RequestsMock, answer: str, is_called: bool) -> None:  # noqa: FBT001
    """Only y and yes delete."""
    if is_called:
        server.post(f"{URL}/api/relay/forget", json=SOME)
    assert answered(answer) == OK
    assert len(server.calls) == is_called


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_nothing_is_deleted_where_nobody_can_answer(server: responses.RequestsMock, more: list[str]) -> None:
    """Neither in a pipeline nor for a script."""
    assert main([*ARGUMENTS, *more]) == USAGE
    assert len(server.calls) == 0


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (SOME, "Deleted: 1 watches, 1 subscriptions at Graph, 7 ledger entries. The allow-list still names it"),
        (SOME | {"allowed": None}, "It is not known whether the allow-list names it"),
        (NOTHING, "Deleted: nothing; the relay stores nothing about this mailbox."),
    ],
    ids=["allowed", "unknown", "nothing"],
)
def test_it_says_what_was_deleted(
    server: responses.RequestsMock, capsys: pytest.CaptureFixture[str], counts: dict[str, Any], text: str
) -> None:
    """In counts; with --json as the relay sent them."""
    call = server.post(f"{URL}/api/relay/forget", json=counts)
    assert main([*ARGUMENTS, "--yes"]) == OK
    assert text in " ".join(capsys.readouterr().out.split())
    assert json.loads(call.calls[0].request.body) == {"mailbox": MAILBOX}
    assert main([*ARGUMENTS, "--yes", "--json"]) == OK
    assert json.loads(capsys.readouterr().out) == {"mailbox": MAILBOX} | counts


def test_a_refusal_of_the_relay_is_shown(server: responses.RequestsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do, and exit code 1."""
    problem = {"title": "Part of a room list", "status": 409, "code": "part_of_room_list", "detail": "Remove the list."}
    server.post(f"{URL}/api/relay/forget", json=problem, status=409, content_type="application/problem+json")
    assert main([*ARGUMENTS, "--yes"]) == FAILED
    assert "Remove the list." in capsys.readouterr().err


def test_every_count_of_the_contract_is_shown() -> None:
    """The answer here has the fields of the document."""
    fields = {field.alias or name for name, field in ForgottenMailbox.model_fields.items()}
    assert fields == NOTHING.keys()


def test_dead_letters_are_selected_by_watch(server: responses.RequestsMock) -> None:
    """For the list, and for a replay."""
    watch = "a" * 32
    page = server.get(f"{URL}/api/dead-letters", json={"value": [], "nextLink": None})
    assert main(["dead-letters", "--watch", watch, "--url", URL, "--key", "k"]) == OK
    assert page.calls[0].request.params["watch"] == watch
    server.get(f"{URL}/api/relay", json={"deadLetters": 1})
    done = {"id": "b" * 32, "link": "x", "queued": 1, "done": "2026-11-20T10:00:00Z", "asked": None}
    replay = server.post(f"{URL}/api/dead-letters/replay", json=done, status=202)
    assert main(["replay", "--watch", watch, "--url", URL, "--key", "k"]) == OK
    assert json.loads(replay.calls[0].request.body) == {"watch": watch}
    assert main(["replay", "--watch", watch, "--all", "--url", URL, "--key", "k"]) == USAGE
