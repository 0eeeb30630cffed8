"""Webhooks by `relay_admin dataverse`: setup, check, rotate, undo and the steps, in an environment of the sandbox."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from relay_admin.dynamics.hooks.steps import ENDPOINT_ID, HEADER, STEP_IDS
from relay_admin.dynamics.steps import ROLE_ID
from relay_admin.errors import CommandError, Unreachable, UsageError
from tests.support.dataverse_world import refusal
from tests.support.fake_vault import denied
from tests.support.receiver import Receiver
from tests.support.webhook_command import NAME, ROUTE, URL, Command, Relay

pytestmark = pytest.mark.server


def test_setup_makes_an_endpoint_and_three_steps(command: Command, caplog: pytest.LogCaptureFixture) -> None:
    """Asynchronous, of bookings, with a secret that the vault has and that is never shown."""
    caplog.set_level(logging.DEBUG)
    text = command.setup()
    endpoint = command.row("")
    assert (endpoint["contract"], endpoint["authtype"], endpoint["url"]) == (8, 5, URL + ROUTE)
    for name in STEP_IDS:
        row = command.row(name)
        assert (row["mode"], row["stage"], row["statecode"], row["asyncautodelete"]) == (1, 40, 0, True)
    assert "msdyn_workorder" in command.row("Update")["filteringattributes"].split(",")
    (secret,) = command.vault.secrets[NAME]
    assert command.given() == secret
    assert len(secret) == 43
    assert secret not in text + caplog.text
    assert secret not in str(endpoint)


def test_the_role_may_read_the_steps_only_with_webhooks(command: Command) -> None:
    """So that the doctor tells whether they are enabled; the relay can change none. A later run takes nothing away."""
    rights = {"prvReadSdkMessageProcessingStep", "prvReadAsyncOperation"}
    command.run("setup", "--yes")
    assert not _privileges(command) & rights
    command.setup()
    held = _privileges(command)
    assert rights <= held
    assert not any("ServiceEndpoint" in each or each.startswith("prvWrite") for each in held)
    command.run("setup", "--direction", "both", "--yes")
    assert rights <= _privileges(command)
    assert command.run("check") == (0, "Nothing is missing.")


def test_the_endpoint_sends_the_header(command: Command, receiver: Receiver) -> None:
    """A booking that is made, changed and deleted starts one webhook each, with the secret."""
    command.setup()
    command.world.api("PATCH", f"serviceendpoints({ENDPOINT_ID})", {"url": receiver.url}, If_Match="*")
    booking = command.world.book()
    command.world.control("PATCH", f"/rows/bookableresourcebookings/{booking}", {"name": "Other"})
    command.world.control("DELETE", f"/rows/bookableresourcebookings/{booking}")
    command.world.control("POST", "/hooks/flush")
    headers = [{name.lower(): value for name, value in post.headers.items()} for post in receiver.posts]
    assert {each["x-ms-dynamics-request-name"] for each in headers} == {"Create", "Update", "Delete"}
    assert {each[HEADER] for each in headers} == set(command.vault.secrets[NAME])


def test_setup_twice_changes_nothing(command: Command) -> None:
    """Neither the rows nor the secret; also from another computer, since the ids are fixed."""
    command.setup()
    before = [command.row(name)["@odata.etag"] for name in ("", *STEP_IDS)]
    assert "The webhooks are as they should be." in command.setup()
    assert [command.row(name)["@odata.etag"] for name in ("", *STEP_IDS)] == before
    assert len(command.vault.secrets[NAME]) == 1


def test_setup_mends_what_differs(command: Command) -> None:
    """The address, the columns, a disabled step and a deleted one; the endpoint keeps its secret."""
    command.setup()
    world, secret = command.world, command.given()
    world.api("PATCH", f"serviceendpoints({ENDPOINT_ID})", {"url": "https://old.example"}, If_Match="*")
    update = f"sdkmessageprocessingsteps({STEP_IDS['Update']})"
    world.api("PATCH", update, {"filteringattributes": "name", "statecode": 1, "statuscode": 2}, If_Match="*")
    world.api("DELETE", f"sdkmessageprocessingsteps({STEP_IDS['Delete']})")
    code, text = command.run("check")
    assert code == 1
    for part in ("step of Delete is missing", "step of Update is disabled", "step of Update has other columns"):
        assert part in text
    command.setup()
    assert command.row("")["url"] == URL + ROUTE
    assert (command.row("Update")["statecode"], command.row("Delete")["statecode"]) == (0, 0)
    assert "starttime" in command.row("Update")["filteringattributes"]
    assert (command.given(), command.vault.secrets[NAME]) == (secret, [secret])
    assert "webhook" not in command.run("check")[1]


def test_without_the_option_there_is_no_webhook(command: Command) -> None:
    """The timer alone is fully supported, and `check` misses nothing."""
    assert command.run("setup", "--yes")[0] == 0
    assert refusal(command.world.api("GET", f"serviceendpoints({ENDPOINT_ID})"))[0] == 404
    assert command.run("check") == (0, "Nothing is missing.")


@pytest.mark.parametrize("seed", [{"blocksCustomizations": True}])
def test_where_customizations_are_blocked_nothing_is_tried(command: Command) -> None:
    """The text names the solution file."""
    text = command.setup()
    assert "dataverse solution" in text
    assert command.vault.secrets[NAME] == []
    assert refusal(command.world.api("GET", f"serviceendpoints({ENDPOINT_ID})"))[0] == 404


def test_columns_that_the_environment_lacks_are_left_out(command: Command) -> None:
    """Field Service, scheduling and Project Operations bring some of them."""
    del command.world.organization.tables["bookableresourcebooking"].columns["msdyn_workorder"]
    command.setup()
    columns = command.row("Update")["filteringattributes"].split(",")
    assert {"starttime", "resource", "bookingtype"} <= set(columns)
    assert "msdyn_workorder" not in columns
    assert "other columns" not in command.run("check")[1]


def test_a_vault_that_refuses_leaves_no_endpoint(command: Command) -> None:
    """The secret is put first; the text says how somebody else makes it."""
    command.vault.failure = denied()
    with pytest.raises(CommandError) as caught:
        command.setup()
    assert "--secret-file" in caught.value.what_to_do
    assert refusal(command.world.api("GET", f"serviceendpoints({ENDPOINT_ID})"))[0] == 404


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_secret_of_a_file_needs_no_vault(command: Command, tmp_path: Path, encoding: str) -> None:
    """PowerShell writes a byte order mark, or UTF-16; a line end is no part of it."""
    command.vault.failure = denied()
    (tmp_path / "secret.txt").write_text("s" * 43 + "\n", encoding=encoding)
    command.setup("--secret-file", str(tmp_path / "secret.txt"))
    assert command.given() == "s" * 43


@pytest.mark.parametrize("content", [b"", b"canary", b"canary canary canary canary canary canary", b"\xff\xfe\x00"])
def test_a_file_without_a_secret_is_refused(command: Command, tmp_path: Path, content: bytes) -> None:
    """Its content is not shown; nothing of the webhooks is made."""
    (tmp_path / "secret.txt").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        command.setup("--secret-file", str(tmp_path / "secret.txt"))
    assert "canary" not in str(caught.value) + caught.value.what_to_do
    assert refusal(command.world.api("GET", f"serviceendpoints({ENDPOINT_ID})"))[0] == 404


@pytest.mark.parametrize("verb", ["setup", "rotate"])
def test_a_no_changes_nothing(command: Command, verb: str) -> None:
    """Neither the vault nor the environment."""
    if verb == "rotate":
        command.setup()
    before = list(command.vault.secrets[NAME])
    more = ("--webhooks", "--url", URL) if verb == "setup" else ()
    assert "Nothing was changed." in command.run(verb, "--vault", "v", *more, answer="n")[1]
    assert command.vault.secrets[NAME] == before


@pytest.mark.parametrize("url", ["", "http://relay.example", "https://", "ftp://relay.example"])
def test_an_address_that_is_none_is_refused(command: Command, url: str) -> None:
    """Before anything of the webhooks is made."""
    with pytest.raises(UsageError):
        command.run("setup", "--webhooks", "--url", url, "--vault", "v", "--yes")
    assert command.vault.secrets[NAME] == []


def test_setup_ends_with_a_webhook_that_arrived(command: Command) -> None:
    """The relay tells the time of the last one; a person changes a booking meanwhile."""
    text = command.setup(relay=Relay(None, None, "2026-11-20T10:00:00Z"))
    assert "Now change the name of a booking" in text
    assert "Proven" in text
    assert command.seconds <= 10


def test_a_webhook_of_before_proves_nothing(command: Command) -> None:
    """It may have come from the endpoint of an earlier run."""
    text = command.setup("--wait", "60", relay=Relay("2026-11-20T10:00:00Z"))
    assert "Unproven: none has arrived" in text
    assert 60 <= command.seconds < 70


def test_without_a_key_it_is_unproven(command: Command) -> None:
    """The command says so, and how to see it."""
    assert "Unproven: no key or token" in command.setup()


def test_a_relay_that_refuses_is_unproven(command: Command) -> None:
    """For instance while the feature is off: the webhooks are made all the same."""

    class Broken(Relay):
        def call(self, *_: Any) -> dict[str, Any]:
            raise Unreachable("No relay at this address (501)", "")

    assert "Unproven: the relay does not tell" in command.setup(relay=Broken(None))
    assert command.row("")["url"] == URL + ROUTE


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("request_of", ["serviceendpoints", *(f"steps.{each}" for each in STEP_IDS.values())])
def test_a_setup_that_broke_off_goes_on(command: Command, request_of: str, after: bool) -> None:  # noqa: FBT001
    """At each request, also if it was done and only its answer was lost."""
    fault = {"match": f"PATCH .*{request_of}", "status": 503, "times": 1, "after": after}
    command.world.control("POST", "/faults", fault)
    with pytest.raises(CommandError) as caught:
        command.setup()
    assert "same command again" in caught.value.what_to_do
    command.setup()
    assert command.given() == command.vault.secrets[NAME][-1]
    assert [command.row(name)["statecode"] for name in STEP_IDS] == [0, 0, 0]
    assert command.run("check") == (0, "Nothing is missing.")


def _privileges(command: Command) -> set[str]:
    """Return the names of the role's privileges."""
    path = f"roles({ROLE_ID})/Microsoft.Dynamics.CRM.RetrieveRolePrivilegesRole()"
    return {each["PrivilegeName"] for each in command.world.get(path)["RolePrivileges"]}
