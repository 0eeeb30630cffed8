"""Webhooks that were made, by `relay_admin dataverse`: rotate, hold, release, check and undo."""

from __future__ import annotations

import logging

import pytest

from relay_admin.dynamics.hooks.steps import ENDPOINT_ID, STEP_IDS
from relay_admin.errors import CommandError, Refused, UsageError
from tests.support.dataverse_world import refusal
from tests.support.receiver import Receiver, Reply
from tests.support.webhook_command import NAME, Command, Relay

pytestmark = pytest.mark.server


def test_rotate_gives_vault_and_endpoint_a_new_secret(command: Command, caplog: pytest.LogCaptureFixture) -> None:
    """The version before it stays, and neither is shown."""
    command.setup()
    caplog.set_level(logging.DEBUG)
    code, text = command.run("rotate", "--vault", "v", "--yes")
    first, second = command.vault.secrets[NAME]
    assert (code, command.given()) == (0, second)
    assert first != second
    assert not any(each in text + caplog.text for each in (first, second))


def test_a_rotation_that_broke_off_goes_on(command: Command) -> None:
    """The endpoint still has the version before; a third one would retire it while it is in use."""
    command.setup()
    command.world.control("POST", "/faults", {"match": "PATCH .*serviceendpoints", "status": 503, "times": 1})
    with pytest.raises(CommandError) as caught:
        command.run("rotate", "--vault", "v", "--yes")
    assert "same command again" in caught.value.what_to_do
    assert command.given() == command.vault.secrets[NAME][0]
    command.run("rotate", "--vault", "v", "--yes")
    assert command.given() == command.vault.secrets[NAME][1]
    assert len(command.vault.secrets[NAME]) == 2
    command.run("rotate", "--vault", "v", "--yes")
    assert command.given() == command.vault.secrets[NAME][2]


def test_rotate_needs_an_endpoint(command: Command) -> None:
    """No secret is made for nothing."""
    with pytest.raises(Refused, match="no webhook endpoint"):
        command.run("rotate", "--vault", "v", "--yes")
    assert command.vault.secrets[NAME] == []


def test_hold_disables_the_steps_and_release_enables_them(command: Command, receiver: Receiver) -> None:
    """After the relay's answer; a disabled step sends nothing."""
    command.setup()
    command.world.api("PATCH", f"serviceendpoints({ENDPOINT_ID})", {"url": receiver.url}, If_Match="*")
    assert "Disable the webhook step of Create." in command.run("hold", relay=Relay(None))[1]
    command.world.book()
    command.world.control("POST", "/hooks/flush")
    assert receiver.posts == []
    assert "step of Create is disabled" in command.run("check")[1]
    command.run("release", relay=Relay(None))
    command.world.book()
    command.world.control("POST", "/hooks/flush")
    assert len(receiver.posts) == 1


def test_a_mailbox_has_no_steps_of_its_own(command: Command) -> None:
    """Nothing is held then, either."""
    with pytest.raises(UsageError, match="all mailboxes"):
        command.run("hold", "--mailbox", "ola@contoso.com", relay=None)


def test_undo_deletes_the_steps_and_the_endpoint(command: Command) -> None:
    """They are in the list of what is removed; twice is harmless."""
    command.setup()
    text = command.run("undo", "--yes")[1]
    assert "the webhooks: endpoint and steps" in text
    for path in (f"serviceendpoints({ENDPOINT_ID})", *(f"sdkmessageprocessingsteps({e})" for e in STEP_IDS.values())):
        assert refusal(command.world.api("GET", path))[0] == 404
    assert "webhook" not in command.run("undo", "--yes")[1]
    command.setup()
    assert command.given() == command.vault.secrets[NAME][-1]


def test_check_counts_webhooks_that_failed(command: Command, receiver: Receiver) -> None:
    """Each is a system job that nobody sends again."""
    command.setup()
    receiver.notification = lambda _post: Reply(401)
    command.world.api("PATCH", f"serviceendpoints({ENDPOINT_ID})", {"url": receiver.url}, If_Match="*")
    command.world.book()
    command.world.control("POST", "/hooks/flush")
    assert "1 webhooks failed" in command.run("check")[1]
