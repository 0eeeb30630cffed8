"""IT at the command line `rotate`, signed in at the sandbox's login, with the sandbox's Key Vault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from relay_admin.__main__ import main
from sandbox.certificates import make_certificates
from sandbox.tenant.seed import Seed, tenant_from
from sandbox.tenant.state import SecretVersion
from tests.support.running_tenant import CLIENT_ID, SECRET, TENANT_ID, Running, started

KEY, SIGNING, IDENTIFIER = "client-state-key", "partner-signing-secret", "identifier-key"
BY_TEMPLATE = "made by the template"
SEED: dict[str, Any] = {
    "tenantId": TENANT_ID, "identityHeader": "identity-header",
    "clients": [{"clientId": CLIENT_ID, "secrets": [SECRET], "vaultOfficer": True}],
    "secrets": {
        KEY: [{"value": "canary-key-of-the-template", "contentType": BY_TEMPLATE}],
        SIGNING: [{"value": "whsec_canaryOfTheTemplate0000000000000000", "contentType": BY_TEMPLATE}],
        IDENTIFIER: [{"value": "canary-identifier", "contentType": BY_TEMPLATE}],
    },
}  # fmt: skip


@dataclass
class Rotating:
    """The vault, and what the command printed."""

    running: Running
    capsys: pytest.CaptureFixture[str]

    def versions(self, name: str) -> list[SecretVersion]:
        """Return the versions of a secret, oldest first."""
        return self.running.tenant.vault.get(name, [])

    def values(self, name: str) -> list[str]:
        """Return the space-separated values in the newest version of a secret."""
        return self.versions(name)[-1].value.split()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `rotate`; return exit code, stdout and stderr. Neither contains any value in the vault."""
        code = main(["rotate", *arguments])
        shown = self.capsys.readouterr()
        for versions in self.running.tenant.vault.values():
            for value in (value for version in versions for value in version.value.split()):
                assert value not in shown.out + shown.err
                assert value.removeprefix("whsec_") not in shown.out + shown.err
        return code, shown.out, shown.err

    def document(self, *arguments: str) -> Any:
        """Run `rotate` with --json and return its document."""
        code, out, _ = self.run(*arguments, "--json")
        return json.loads(out) | {"code": code}

    def older(self, name: str, **age: float) -> None:
        """Make each version of a secret older by an age."""
        self.running.tenant.vault[name] = [
            SecretVersion(each.value, each.created - timedelta(**age), each.enabled, each.content_type, each.version)
            for each in self.versions(name)
        ]


def rotating(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Rotating]:
    """Serve the tenant in a thread, with the environment of somebody who is signed in."""
    make_certificates(folder)
    tenant = tenant_from(Seed.model_validate(SEED), folder)
    addresses, stop = started(tenant)
    environ = {
        "REQUESTS_CA_BUNDLE": str(folder / "ca.pem"), "RELAY_VAULT_NAME": addresses.url, "COLUMNS": "300",
        "AZURE_TENANT_ID": TENANT_ID, "AZURE_CLIENT_ID": CLIENT_ID, "AZURE_CLIENT_SECRET": SECRET,
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential", "AZURE_AUTHORITY_HOST": addresses.url,
    }  # fmt: skip
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    for name in ("RELAY_URL", "RELAY_KEY", "RELAY_AUDIENCE"):
        monkeypatch.delenv(name, raising=False)
    try:
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(folder / "ca.pem")
            yield Rotating(Running(tenant, addresses, session), capsys)
    finally:
        stop()


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)
