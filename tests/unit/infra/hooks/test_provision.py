"""What the hooks after a provisioning, before a package and before a removal print and start."""

from __future__ import annotations

import re
import signal

import pytest

from relay_admin.arguments import parser
from tests.support.fake_arm import OURS, FakeArm, vault
from tests.unit.infra.hooks.conftest import Project

pytestmark = pytest.mark.server
TEMPLATE = "made by the template"
OUTPUTS = {
    "RELAY_URL": "https://relay.example", "RELAY_VAULT_NAME": "kv-relay-abc", "RELAY_CLIENT_ID": "client-id",
    "RELAY_IDENTITY_PRINCIPAL_ID": "principal-id", "RELAY_GRAPH_CREDENTIAL": "managed-identity",
}  # fmt: skip
SECRETS: dict[str, str | None] = {
    "client-state-key": TEMPLATE, "Partner-Signing-Secret": TEMPLATE, "identifier-key": TEMPLATE, "graph": None,
}  # fmt: skip


def rotations(output: str) -> list[str]:
    """Return the secrets that the output says to rotate."""
    return re.findall(r"^ +python -m relay_admin rotate (\S+) --vault kv-relay-abc$", output, re.MULTILINE)


@pytest.mark.parametrize(
    ("credential", "object_id", "says"),
    [
        ("managed-identity", "principal-id", "SOMEBODY a mailbox that is not in it."),
        ("certificate", "OBJECT_ID", "GRAPH_CREDENTIAL is certificate: store"),
    ],
)
def test_the_remaining_steps_are_printed(
    project: Project, arm: FakeArm, credential: str, object_id: str, says: str
) -> None:
    """With the names of this deployment and a dry run first, each command on one line for any shell."""
    before = project.files()
    given = {**OUTPUTS, "RELAY_GRAPH_CREDENTIAL": credential, "AZURE_RESOURCE_MANAGER_URL": arm.url}
    done = project.hook("provision", **given)
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout
    grant = (
        f"infra/exchange/Grant-RelayMailboxAccess.ps1 -AppId client-id -ObjectId {object_id} -Group GROUP"
        " -MailboxInside room1@contoso.com -MailboxOutside SOMEBODY"
    )
    assert re.findall(r"^ +(infra/\S+\.ps1 .*)$", done.stdout, re.MULTILINE) == [f"{grant} -WhatIf", grant]
    run = "pipx run --spec . relay-admin first-run --room room1@contoso.com --refused SOMEBODY --ask-key"
    assert f"       {run}\n" in done.stdout
    assert "python -m relay_admin entra grant relay --app-id client-id --feature room-lists\n" in done.stdout
    assert "{" not in done.stdout
    assert project.files() == before


@pytest.mark.parametrize(
    ("allowed", "room"),
    [
        ("@contoso.com,roomlist:b1@contoso.com, room2@contoso.com", "room2@contoso.com"),
        ("@contoso.com", "ROOM"), ("", "ROOM"),
    ],
)  # fmt: skip
def test_the_room_is_the_first_address_that_may_be_watched(
    project: Project, arm: FakeArm, allowed: str, room: str
) -> None:
    """A domain or a room list is none."""
    done = project.hook("provision", **{**OUTPUTS, "AZURE_RESOURCE_MANAGER_URL": arm.url, "ALLOWED_MAILBOXES": allowed})
    assert f" -MailboxInside {room} -MailboxOutside SOMEBODY\n" in done.stdout


def test_the_parser_takes_each_printed_command(project: Project, arm: FakeArm) -> None:
    """By its parser."""
    arm.secrets = SECRETS
    given = {**OUTPUTS, "RELAY_CLIENT_ID": "00000003-0000-0000-c000-000000000000"}
    printed = project.hook("provision", **given, AZURE_RESOURCE_MANAGER_URL=arm.url).stdout
    lines = re.findall(r"(?:python -m relay_admin|relay-admin) (.+)$", printed, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        parser().parse_args(line.split())


def test_secrets_of_the_template_are_to_be_rotated(project: Project, arm: FakeArm) -> None:
    """Their names ignore case; the key of the identifiers is never rotated."""
    arm.secrets = SECRETS
    given = {**OUTPUTS, "AZURE_RESOURCE_MANAGER_URL": arm.url}
    assert rotations(project.hook("provision", **given).stdout) == ["client-state-key", "partner-signing-secret"]
    arm.secrets = {**SECRETS, "Partner-Signing-Secret": None}
    done = project.hook("provision", **given)
    assert rotations(done.stdout) == ["client-state-key"]
    assert "--at-once" not in done.stdout
    arm.secrets = {**SECRETS, "client-state-key": None}
    assert rotations(project.hook("provision", **given).stdout) == ["partner-signing-secret"]
    arm.secrets = {"client-state-key": None, "partner-signing-secret": ""}
    done = project.hook("provision", **given)
    assert "No secret has the template's value any more." in done.stdout
    assert rotations(done.stdout) == []


def test_without_an_answer_both_are_named(project: Project, arm: FakeArm) -> None:
    """The hook needs no sign-in; then it says that it does not know."""
    arm.refusals["/secrets"] = (403, "AuthorizationFailed")
    done = project.hook("provision", **OUTPUTS, AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert "(not checked which: Azure Resource Manager answers 403 AuthorizationFailed)" in done.stdout
    assert rotations(done.stdout) == ["client-state-key", "partner-signing-secret"]


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_unset_output_is_named(project: Project, name: str) -> None:
    """A step with an empty name would be wrong."""
    done = project.hook("provision", **{**OUTPUTS, name: ""})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("provision: ")
    assert f"{name}" in done.stderr
    assert "`azd provision`" in done.stderr


def stand_in(project: Project, module: str, text: str) -> None:
    """Write a module that `python -m` runs, in place of the project's own."""
    folder = project.root / module.replace(".", "/")
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text(text)


@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_package_is_built_by_its_own_tool(project: Project, code: int) -> None:
    """With the Python of the hook, in the project's folder; the output and the exit code are passed on."""
    stand_in(project, "tools.package", f"import sys, os; print(sys.argv[1:], os.getcwd()); sys.exit({code})")
    done = project.hook("package")
    assert (done.returncode, done.stdout) == (code, f"['--app'] {project.root}\n")


def test_a_killed_builder_is_a_failure(project: Project) -> None:
    """Otherwise azd would deploy what lies there."""
    stand_in(project, "tools.package", f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    assert project.hook("package").returncode != 0


def test_a_removal_warns_of_what_else_it_deletes(project: Project, arm: FakeArm) -> None:
    """And of the subscriptions at Graph, which stay. It stops nothing."""
    other = {"name": "sql-team", "type": "Microsoft.Sql/servers", "tags": {"application": "other"}}
    rule = {"name": "Failure Anomalies - appi", "type": "microsoft.alertsmanagement/smartDetectorAlertRules"}
    arm.resources = [vault("kv-relay-abc"), other, rule]
    done = project.hook("down", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert "WARNING, subscriptions at Graph remain until they expire." in done.stdout
    assert "python -m relay_admin uninstall --yes" in done.stdout
    assert "azd down deletes the resource group rg-relay with everything in it." in done.stdout
    assert re.findall(r"^    (M\S+) (.+)$", done.stdout, re.MULTILINE) == [("Microsoft.Sql/servers", "sql-team")]
    assert "smartDetectorAlertRules Failure Anomalies - appi" in done.stdout
    command = (
        "az stack group delete --name calendar-relay --resource-group rg-relay --action-on-unmanage deleteResources"
    )
    assert command in done.stdout


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("func-relay-abc.azurewebsites.net", "WARNING, anybody can take the name func-relay-abc.azurewebsites.net"),
        ("func-relay-abc-h4k2d9c8.westeurope-01.azurewebsites.net", "is given to nobody else."),
    ],
)
def test_a_removal_says_what_becomes_of_the_host_name(project: Project, arm: FakeArm, host: str, says: str) -> None:
    """A new app with the same name would receive Graph's notifications."""
    arm.resources = [vault("kv-relay-abc")]
    arm.sites = [{"name": "func-relay-abc", "tags": OURS, "properties": {"defaultHostName": host}}]
    done = project.hook("down", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert says in done.stdout
    assert ("UNIQUE_HOST_NAME" in done.stdout) == says.startswith("WARNING")


def test_a_group_of_its_own_needs_no_stack(project: Project, arm: FakeArm) -> None:
    """Only ours is deleted."""
    arm.resources = [vault("kv-relay-abc")]
    assert "az stack" not in project.hook("down", AZURE_RESOURCE_MANAGER_URL=arm.url).stdout


def test_a_removal_without_a_sign_in_says_what_it_did_not_check(project: Project, arm: FakeArm) -> None:
    """And goes on."""
    (project.kept / "token").unlink()
    done = project.hook("down", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert "not checked whether it holds something else: azd has no token" in done.stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('print(\'{"watches": [1, 2], "roomLists": []}\')', "WARNING, watches that still exist: 2."),
        ("print('{\"watches\": []}')", "The relay has no watch."),
        ("raise SystemExit(3)", "WARNING, subscriptions at Graph remain until they expire."),
    ],
)
def test_with_a_key_the_watches_are_counted(project: Project, arm: FakeArm, text: str, says: str) -> None:
    """By the command line, which knows how to call the relay."""
    stand_in(project, "relay_admin", text)
    given = {"RELAY_URL": "https://relay.example", "AZURE_RESOURCE_MANAGER_URL": arm.url}
    assert says in project.hook("down", RELAY_KEY="a-key", **given).stdout
    assert "WARNING, subscriptions at Graph" in project.hook("down", **given).stdout


@pytest.mark.parametrize("arguments", ["", "postprovision", "deploy down"])
def test_an_unknown_verb_is_wrong_usage(project: Project, arguments: str) -> None:
    """The verbs are listed."""
    project.run_lines["other"] = f"python3 infra/hooks/next.py {arguments}"
    done = project.hook("other")
    assert (done.returncode, done.stderr) == (2, "usage: next.py preflight|provision|package|deploy|down\n")
