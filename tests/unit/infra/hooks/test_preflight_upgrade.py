"""The check of an upgrade, before anything is provisioned: it asks the relay that runs, by the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.fake_arm import OURS, FakeArm, vault
from tests.unit.infra.hooks.conftest import Project
from tests.unit.infra.hooks.test_preflight import results
from tests.unit.infra.hooks.test_provision import stand_in

pytestmark = pytest.mark.server
FINE = {"name": "mailboxes", "ok": True, "stops": False, "detail": "fine", "whatToDo": None}
UNKNOWN = {"name": "clientStateKey", "ok": None, "stops": False, "detail": "?", "whatToDo": "Name the vault"}
WARNS = {"name": "settings", "ok": False, "stops": False, "detail": "X is ignored", "whatToDo": "Correct it"}
STOPS = {"name": "directDelivery", "ok": False, "stops": True, "detail": "would get none", "whatToDo": "Name the host"}
ANSWER = """import json, os, sys
print(json.dumps({"findings": %r, "url": os.environ["RELAY_URL"]}))
open(os.environ["KEPT"] + "/asked", "w").write(json.dumps([sys.argv[1:], json.load(sys.stdin)]))
"""


@pytest.fixture
def relay(arm: FakeArm) -> FakeArm:
    """Return a group that holds a relay."""
    arm.resources = [vault("kv-relay-abc")]
    host = "func-relay-abc-h4k2.westeurope-01.azurewebsites.net"
    arm.sites = [{"name": "func-relay-abc", "tags": OURS, "properties": {"defaultHostName": host}}]
    return arm


def checked(project: Project, arm: FakeArm, *findings: dict[str, Any], **given: str) -> tuple[int, str]:
    """Return the exit code and the result of the check, after the command line found this."""
    stand_in(project, "relay_admin", ANSWER % (list(findings),))
    values = {"RELAY_SUFFIX": "abc", "RELAY_AUDIENCE": "api://x", "AZURE_RESOURCE_MANAGER_URL": arm.url, **given}
    done = project.hook("preflight", **values)
    return done.returncode, results(done.stdout)["upgrade"]


def test_nothing_would_stop(project: Project, relay: FakeArm) -> None:
    """The command line gets the new values and the vault."""
    given = {"RELAY_VAULT_NAME": "kv-relay-abc", "ALLOWED_NOTIFICATION_HOSTS": "partner.example"}
    assert checked(project, relay, FINE, **given) == (0, "the new version refuses nothing that works now")
    arguments, settings = json.loads((project.kept / "asked").read_text())
    assert arguments == ["before-upgrade", "--json", "--settings", "-", "--vault", "kv-relay-abc"]
    values = {each["name"]: each["value"] for each in settings}
    assert (values["ALLOWED_NOTIFICATION_HOSTS"], values["ALLOWED_MAILBOXES"]) == (
        "partner.example",
        "room1@contoso.com",
    )


def test_what_would_stop_stops_without_a_terminal(project: Project, relay: FakeArm) -> None:
    """With what to do, and with the variable that accepts it."""
    code, text = checked(project, relay, FINE, STOPS, WARNS)
    assert code == 1
    assert text.startswith("STOP, with this version would stop: directDelivery: would get none (Name the host).")
    assert "azd env set RELAY_ACCEPT_UPGRADE true" in text


def test_what_would_stop_can_be_accepted(project: Project, relay: FakeArm) -> None:
    """Once, by a variable."""
    code, text = checked(project, relay, STOPS, RELAY_ACCEPT_UPGRADE="true")
    assert (code, text.startswith("WARNING, accepted by RELAY_ACCEPT_UPGRADE: directDelivery")) == (0, True)


@pytest.mark.parametrize(
    ("findings", "says"),
    [([WARNS], "WARNING, settings: X is ignored (Correct it)"),
     ([WARNS, UNKNOWN], "WARNING, settings: X is ignored (Correct it); not known: clientStateKey"),
     ([FINE, UNKNOWN], "not checked: clientStateKey. Run: python -m relay_admin before-upgrade")],
)  # fmt: skip
def test_a_warning_and_an_unknown_result_stop_nothing(
    project: Project, relay: FakeArm, findings: list[dict[str, Any]], says: str
) -> None:
    """And neither is said to be fine."""
    code, text = checked(project, relay, *findings)
    assert (code, text[: len(says)]) == (0, says)


@pytest.mark.parametrize("answer", ["raise SystemExit(3)", "print('[]')", "print('{')", "import no_such_module"])
def test_a_command_line_without_an_answer_is_not_checked(project: Project, relay: FakeArm, answer: str) -> None:
    """Such as without its requirements."""
    stand_in(project, "relay_admin", answer)
    given = {"RELAY_SUFFIX": "abc", "RELAY_KEY": "k", "AZURE_RESOURCE_MANAGER_URL": relay.url}
    done = project.hook("preflight", **given)
    assert done.returncode == 0
    assert results(done.stdout)["upgrade"].startswith("not checked: the relay was not asked.")


def test_without_a_sign_in_the_command_is_named(project: Project, relay: FakeArm) -> None:
    """Nothing is asked."""
    done = project.hook("preflight", RELAY_SUFFIX="abc", AZURE_RESOURCE_MANAGER_URL=relay.url)
    text = results(done.stdout)["upgrade"]
    assert text.startswith("not checked: set RELAY_AUDIENCE or RELAY_KEY, or run: python -m relay_admin before-upgrade")
