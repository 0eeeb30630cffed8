"""The hooks of azd, run as azd runs them, with an `az` that records its calls."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.yaml_text import content_of

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / "infra/hooks"
AZ = """#!/bin/sh
printf '%s\\n' "$*" >> "$KEPT/calls"
case "$*" in
  *"--method get"*) cat "$KEPT/there" ;;
  *"--method put"*) for one in "$@"; do case "$one" in
      @*) cp "${one#@}" "$KEPT/body-$(grep -c . "$KEPT/calls")"; ls -l "${one#@}" >> "$KEPT/modes" ;; esac; done ;;
esac
"""
GIVEN = {
    "AZURE_SUBSCRIPTION_ID": "sub", "AZURE_RESOURCE_GROUP": "rg-test", "RELAY_VAULT_NAME": "kv-test",
    "RELAY_CLIENT_ID": "client-id", "RELAY_IDENTITY_PRINCIPAL_ID": "principal-id", "RELAY_URL": "https://relay.example",
    "RELAY_GRAPH_CREDENTIAL": "managed-identity",
}  # fmt: skip


def run(hook: str, folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a hook with the stand-ins in a folder first on its path."""
    environ = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "KEPT": str(folder), "TMPDIR": str(folder), **given}
    command = ["/bin/sh", str(HOOKS / hook)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """Return a folder with a stand-in for az whose vault is empty."""
    (tmp_path / "az").write_text(AZ)
    (tmp_path / "az").chmod(0o755)
    (tmp_path / "there").write_text("")
    return tmp_path


def secrets_in(stand_in: Path) -> dict[str, str]:
    """Return the values of the created secrets, by name."""
    calls = (stand_in / "calls").read_text().splitlines()
    values = {}
    for body in stand_in.glob("body-*"):
        [name] = re.findall(r"secrets/([\w-]+)\?", calls[int(body.name.partition("-")[2]) - 1])
        values[name] = json.loads(body.read_text())["properties"]["value"]
    return values


def test_both_secrets_are_created_and_never_shown(stand_in: Path) -> None:
    """No value is on a command line or in the output, and no file with one stays."""
    done = run("postprovision.sh", stand_in, **GIVEN)
    assert done.returncode == 0, done.stderr
    values = secrets_in(stand_in)
    assert values.keys() == {"client-state-key", "partner-signing-secret"}
    assert len(values["client-state-key"]) >= 40
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", values["partner-signing-secret"])
    seen = done.stdout + done.stderr + (stand_in / "calls").read_text()
    assert not [value for value in values.values() if value[8:20] in seen]
    assert {line[:10] for line in (stand_in / "modes").read_text().splitlines()} == {"-rw-------"}
    assert not list(stand_in.glob("tmp*"))


def test_secrets_differ_between_deployments(stand_in: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """They are random."""
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(stand_in, other, dirs_exist_ok=True)
    run("postprovision.sh", stand_in, **GIVEN)
    run("postprovision.sh", other, **GIVEN)
    assert not set(secrets_in(stand_in).values()) & set(secrets_in(other).values())


def test_a_second_deployment_replaces_nothing(stand_in: Path) -> None:
    """Only missing secrets are created; a name that begins the same is a different secret."""
    (stand_in / "there").write_text("client-state-key\r\npartner-signing-secret-old\r\n")
    done = run("postprovision.sh", stand_in, **GIVEN)
    assert secrets_in(stand_in).keys() == {"partner-signing-secret"}
    assert "client-state-key exists and is kept" in done.stdout


def test_a_vault_that_cannot_be_listed_is_not_written_to(stand_in: Path) -> None:
    """Otherwise a failed listing would replace existing secrets."""
    (stand_in / "there").unlink()
    done = run("postprovision.sh", stand_in, **GIVEN)
    assert done.returncode != 0
    assert "--method put" not in (stand_in / "calls").read_text()


def test_a_vault_is_recovered_once(stand_in: Path) -> None:
    """Otherwise the next deployment would try to recover a vault that is not deleted, and fail."""
    (stand_in / "azd").write_text('#!/bin/sh\nprintf "%s\\n" "$*" >> "$KEPT/azd-calls"\n')
    (stand_in / "azd").chmod(0o755)
    for given in ({}, {"RECOVER_VAULT": "false"}):
        assert run("postprovision.sh", stand_in, **GIVEN, **given).returncode == 0
    assert not (stand_in / "azd-calls").exists()
    assert run("postprovision.sh", stand_in, **GIVEN, RECOVER_VAULT="true").returncode == 0
    assert (stand_in / "azd-calls").read_text() == "env set RECOVER_VAULT false\n"


@pytest.mark.parametrize(
    ("credential", "says"), [("managed-identity", "principal-id"), ("certificate", "docs/settings.md")]
)
def test_the_next_steps_are_printed(stand_in: Path, credential: str, says: str) -> None:
    """With the names of this deployment, and a dry run first; each on one line for any shell."""
    done = run("postprovision.sh", stand_in, **{**GIVEN, "RELAY_GRAPH_CREDENTIAL": credential})
    assert says in done.stdout
    commands = re.findall(
        r"^ +infra/permissions/Grant-RelayMailboxAccess\.ps1 -AppId client-id (.*)$", done.stdout, re.MULTILINE
    )
    assert [command.split()[-1] for command in commands] == ["-WhatIf"]
    assert "check https://relay.example with" in done.stdout


def test_a_budget_gets_its_first_month_once(stand_in: Path) -> None:
    """Values that cannot be derived are requested before anything is created."""
    (stand_in / "azd").write_text('#!/bin/sh\nprintf "%s\\n" "$*" >> "$KEPT/azd-calls"\n')
    (stand_in / "azd").chmod(0o755)
    assert run("preprovision.sh", stand_in).returncode == 1
    partner = {"PARTNER_WEBHOOK_URL": "https://partner.example/webhook"}
    for given in ({}, {"BUDGET_AMOUNT": "0"}, {"BUDGET_AMOUNT": "50", "BUDGET_START": "2026-11-01"}):
        assert run("preprovision.sh", stand_in, **partner, **given).returncode == 0
    assert not (stand_in / "azd-calls").exists()
    run("preprovision.sh", stand_in, **partner, BUDGET_AMOUNT="50")
    assert re.fullmatch(r"env set BUDGET_START \d{4}-\d\d-01\n", (stand_in / "azd-calls").read_text())


def test_a_private_network_registers_the_subnets_provider(stand_in: Path) -> None:
    """In the environment's subscription, before anything is created; without the network nothing is registered."""
    assert "'Microsoft.App/environments'" in (ROOT / "infra/modules/network.bicep").read_text()
    partner = {"PARTNER_WEBHOOK_URL": "https://partner.example/webhook"}
    for given in ({}, {"PRIVATE_NETWORKING": "false"}):
        assert run("preprovision.sh", stand_in, **partner, **given).returncode == 0
    assert not (stand_in / "calls").exists()
    for subscription in ("sub", ""):
        given = {"PRIVATE_NETWORKING": "true", "AZURE_SUBSCRIPTION_ID": subscription}
        assert run("preprovision.sh", stand_in, **partner, **given).returncode == 0
    command = "provider register --namespace Microsoft.App --wait"
    assert (stand_in / "calls").read_text().splitlines() == [f"{command} --subscription sub", command]


class Relay(BaseHTTPRequestHandler):
    """Responds to a handshake, after some calls that fail."""

    cold = 2
    paths: list[str]

    def do_POST(self) -> None:
        """Fail while cold, then echo. Without a length it responds as strict front ends do."""
        type(self).paths.append(self.path)
        measured = "Content-Length" in self.headers
        warm = measured and len(self.paths) > self.cold
        self.send_response(200 if warm else 503 if measured else 411)
        self.end_headers()
        self.wfile.write(self.path.rpartition("=")[2].encode() if warm else b"starting")

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def relay() -> Iterator[str]:
    """Return the address of a relay that is cold at first."""
    Relay.paths = []
    server = HTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.server
def test_the_endpoint_is_warm_before_the_first_subscription(tmp_path: Path, relay: str) -> None:
    """Both routes are called as Graph does, until they respond."""
    done = run("postdeploy.sh", tmp_path, RELAY_URL=relay, RELAY_WARM_PAUSE="0")
    assert (done.returncode, done.stdout.count("is warm")) == (0, 2)
    asked = [path.partition("?")[0] for path in Relay.paths]
    assert asked == ["/api/notifications"] * 3 + ["/api/lifecycle"]


def test_an_endpoint_that_stays_cold_is_reported_without_failing(tmp_path: Path) -> None:
    """An address filter may keep this computer out."""
    done = run("postdeploy.sh", tmp_path, RELAY_URL="http://127.0.0.1:9", RELAY_WARM_PAUSE="0", RELAY_WARM_TRIES="2")
    assert done.returncode == 0
    assert "did not answer as Graph expects it" in done.stderr


def test_a_deployment_without_azd_outputs_the_variables_of_the_hooks() -> None:
    """Those of the two hooks after it, except variables with a default."""
    outputs = set(re.findall(r"^output ([A-Z_]+) ", (ROOT / "infra/main.bicep").read_text(), re.MULTILINE))
    texts = [(HOOKS / name).read_text() for name in ("postprovision.sh", "postdeploy.sh")]
    assert set(re.findall(r"\$([A-Z_]+)", "".join(texts))) <= outputs  # variables with a default are written ${…:-…}
    assert GIVEN.keys() <= outputs
    page = (ROOT / "docs/deployment.md").read_text().partition("\n## Without azd\n")[2].partition("\n## ")[0]
    assert set(re.findall(r'"\$([A-Z_]+)"', page)) <= outputs
    required = re.findall(r"^param (\w+) \w+$", (ROOT / "infra/main.bicep").read_text(), re.MULTILINE)
    assert set(re.findall(r" (\w+)=", page.partition("--parameters")[2].partition("eval")[0])) == set(required)


def test_each_hook_exists_for_both_shells() -> None:
    """With the same secrets, settings, steps and calls."""
    hooks = content_of((ROOT / "azure.yaml").read_text())["hooks"]
    assert {hook: set(shells) for hook, shells in hooks.items()} == {
        name: {"posix", "windows"} for name in ("preprovision", "postprovision", "postdeploy")
    }
    phrases = (
        r"client-state-key|partner-signing-secret|whsec_|api-version=[\d-]+|[A-Z]+_[A-Z_]+|\w+-Relay\w+\.ps1|"
        r"api/[\w/]+|docs/\w+\.md"
    )
    for name, shells in hooks.items():
        texts = [(ROOT / shells[system]["run"]).read_text() for system in ("posix", "windows")]
        assert set(re.findall(phrases, texts[0])) == set(re.findall(phrases, texts[1])), name
        assert os.access(ROOT / shells["posix"]["run"], os.X_OK)
        assert "set -x" not in texts[0]


def test_the_output_of_a_hook_stays_visible() -> None:
    """Without `interactive` azd clears the output of a hook. A failure shows its reason."""
    hooks = content_of((ROOT / "azure.yaml").read_text())["hooks"]
    for name in ("postprovision", "postdeploy"):
        assert {shell: how.get("interactive") for shell, how in hooks[name].items()} == {"posix": True, "windows": True}
    assert "azd hooks run postprovision" in (ROOT / "docs/deployment.md").read_text()
