"""What the hook before a provisioning asks for and keeps: the values that azd does not ask for."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest

from tests.support.fake_arm import FakeArm, site, vault
from tests.unit.infra.hooks.conftest import Project
from tests.unit.infra.hooks.test_preflight import results

pytestmark = pytest.mark.server
QUESTION = "Which mailboxes may the relay watch?"


def kept(project: Project) -> list[str]:
    """Return the values that azd was told to keep."""
    calls = project.kept / "azd-calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    return [line.removeprefix("env set ") for line in lines if line.startswith("env set ")]


def typed(project: Project, text: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run the hook at a terminal where somebody types."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, text.encode())
        environ = {name: value for name, value in project.environ(**given).items() if value}
        command = ["/bin/sh", "-c", project.run_lines["preflight"]]
        return subprocess.run(
            command, cwd=project.root, env=environ, stdin=theirs, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
    finally:
        os.close(theirs)
        os.close(ours)


def test_missing_mailboxes_are_requested_and_kept(project: Project, arm: FakeArm) -> None:
    """So that `azd up` alone is enough."""
    done = typed(
        project, "room1@contoso.com,room2@contoso.com\n", ALLOWED_MAILBOXES="", AZURE_RESOURCE_MANAGER_URL=arm.url
    )
    assert (done.returncode, QUESTION in done.stdout) == (0, True), done.stderr
    assert kept(project) == ["ALLOWED_MAILBOXES room1@contoso.com,room2@contoso.com"]
    assert results(done.stdout)["mailboxes"] == "2 in ALLOWED_MAILBOXES"


def test_a_wrong_answer_stops(project: Project, arm: FakeArm) -> None:
    """With the command that corrects it."""
    done = typed(project, "room1\n", ALLOWED_MAILBOXES="", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 1
    assert results(done.stdout)["mailboxes"].startswith("STOP, no addresses: room1. Run: azd env set ALLOWED_MAILBOXES")


@pytest.mark.parametrize("at_terminal", [True, False])
def test_without_an_answer_nothing_is_kept(project: Project, arm: FakeArm, *, at_terminal: bool) -> None:
    """A pipeline is not asked; an empty answer allows no mailbox, and says so."""
    given = {"ALLOWED_MAILBOXES": "", "AZURE_RESOURCE_MANAGER_URL": arm.url}
    done = typed(project, "\n", **given) if at_terminal else project.hook("preflight", **given)
    assert (done.returncode, QUESTION in done.stdout, kept(project)) == (0, at_terminal, [])
    assert results(done.stdout)["mailboxes"].startswith("WARNING, none may be watched.")


def test_a_set_value_is_not_requested(project: Project, arm: FakeArm) -> None:
    """A second deployment asks nothing and keeps nothing."""
    done = typed(project, "\n", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert (done.returncode, QUESTION in done.stdout, kept(project)) == (0, False, [])


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ({"infra": {"parameters": {"partnerWebhookUrl": "https://p.example/hook"}}}, 0, "deliveries go to p.example"),
        ({"infra": {"parameters": {"partnerWebhookUrl": "http://p.example/hook"}}}, 1, "STOP, the address for deliver"),
        ({"infra": {"parameters": {}}}, 0, "not checked: PARTNER_WEBHOOK_URL is not set; azd asks for it"),
        ({"infra": []}, 0, "not checked: PARTNER_WEBHOOK_URL is not set; azd asks for it"),
    ],
)
def test_the_address_typed_for_azd_is_checked(
    project: Project, arm: FakeArm, content: object, code: int, says: str
) -> None:
    """Azd keeps its answer in the environment's config.json, and passes no variable."""
    folder = project.root / ".azure/relay"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(content))
    done = project.hook("preflight", PARTNER_WEBHOOK_URL="", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == code
    assert results(done.stdout)["partner"].startswith(says)


def test_a_new_relay_gets_a_host_name_of_its_own(project: Project, arm: FakeArm) -> None:
    """Only where Azure says that the group holds no relay; another resource is none."""
    given = {"UNIQUE_HOST_NAME": "", "AZURE_RESOURCE_MANAGER_URL": arm.url}
    arm.resources = [vault("kv-other", application="other")]
    done = project.hook("preflight", **given)
    assert (done.returncode, kept(project)) == (0, ["UNIQUE_HOST_NAME true", "INVITEES own-domains"])
    assert results(done.stdout)["host name"] == "a new relay: UNIQUE_HOST_NAME is now true, INVITEES own-domains"


def test_a_new_relay_invites_whom_its_deployment_says(project: Project, arm: FakeArm) -> None:
    """A value that was given is kept."""
    given = {"UNIQUE_HOST_NAME": "", "INVITEES": "any", "AZURE_RESOURCE_MANAGER_URL": arm.url}
    done = project.hook("preflight", **given)
    assert (done.returncode, kept(project)) == (0, ["UNIQUE_HOST_NAME true"])
    assert results(done.stdout)["host name"] == "a new relay: UNIQUE_HOST_NAME is now true"


@pytest.mark.parametrize(
    ("host", "given", "remedy"),
    [
        ("func-relay-abc.azurewebsites.net", "", ""),
        ("func-relay-abc.azurewebsites.net", "false", ""),
        ("func-relay-abc.azurewebsites.net", "true", "false"),
        ("func-relay-abc-h3x.westeurope-01.azurewebsites.net", "true", ""),
        ("func-relay-abc-h3x.westeurope-01.azurewebsites.net", "1", ""),
        ("func-relay-abc-h3x.westeurope-01.azurewebsites.net", "", "true"),
        ("func-relay-abc-h3x.westeurope-01.azurewebsites.net", "false", "true"),
    ],
)
def test_an_existing_relay_keeps_its_host_name(
    project: Project, arm: FakeArm, host: str, given: str, remedy: str
) -> None:
    """Another one would change the address that callers know: also a pipeline's empty environment stops first."""
    arm.resources = [vault("kv-relay-abc")]
    arm.sites = [
        site("func-other", "func-other.azurewebsites.net", application="other"), site("func-relay-abc", host)
    ]  # fmt: skip
    values = {"RELAY_SUFFIX": "abc", "UNIQUE_HOST_NAME": given, "AZURE_RESOURCE_MANAGER_URL": arm.url}
    done = project.hook("preflight", **values)
    assert (done.returncode, kept(project)) == (int(bool(remedy)), [])
    stop = f"STOP, {host} would get another address. To keep it, run: azd env set UNIQUE_HOST_NAME {remedy}"
    assert results(done.stdout)["host name"] == (stop if remedy else f"{host}, as before")


def test_a_relay_without_an_app_has_an_unknown_host_name(project: Project, arm: FakeArm) -> None:
    """Such as after the loss of the app: a new environment does not decide its address."""
    arm.resources = [vault("kv-relay-abc")]
    values = {"RELAY_SUFFIX": "abc", "AZURE_RESOURCE_MANAGER_URL": arm.url}
    done = project.hook("preflight", UNIQUE_HOST_NAME="", **values)
    assert (done.returncode, kept(project)) == (1, [])
    assert results(done.stdout)["host name"].startswith("STOP, the relay in the group has no app")
    assert project.hook("preflight", UNIQUE_HOST_NAME="false", **values).returncode == 0


@pytest.mark.parametrize("part", ["/sites", "/resources"])
def test_an_unknown_group_keeps_its_host_name(project: Project, arm: FakeArm, part: str) -> None:
    """Nothing is assumed."""
    arm.refusals[part] = (403, "AuthorizationFailed")
    done = project.hook("preflight", UNIQUE_HOST_NAME="", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert kept(project) == []
    assert results(done.stdout)["host name"].startswith("not checked: ")


def test_a_value_that_azd_does_not_keep_is_named_with_its_command(project: Project, arm: FakeArm) -> None:
    """The hook goes on: nothing was created."""
    azd = project.kept / "bin/azd"
    azd.write_text(azd.read_text().replace("#!/bin/sh\n", '#!/bin/sh\ntest "$1" != env || exit 1\n'))
    done = project.hook("preflight", UNIQUE_HOST_NAME="", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert results(done.stdout)["host name"].endswith("Run: azd env set UNIQUE_HOST_NAME true")
    answered = typed(project, "a@contoso.com,b@contoso.com\n", ALLOWED_MAILBOXES="", AZURE_RESOURCE_MANAGER_URL=arm.url)
    shown = results(answered.stdout)["mailboxes"]  # PowerShell makes two words of it without quotes
    assert shown.endswith("Run: azd env set ALLOWED_MAILBOXES 'a@contoso.com,b@contoso.com'")
