"""The administrator's command line, run as a separate process against a running stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from sandbox.process import ROOT
from tests.support.relay import Relay


@dataclass
class Completed:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def content(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)

    @property
    def failures(self) -> dict[str, dict[str, Any]]:
        """The failed findings of the doctor, by name."""
        return {check["name"]: check for check in self.content["checks"] if check["ok"] is False}


class CommandLine:
    """The administrator at the command line, with the master key by default."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    def __call__(self, *arguments: str, key: str | None = "master", typed: str = "", **environ: str) -> Completed:
        """Run a command and return its result; no secret and no traceback is ever shown."""
        stack = self.relay.stack
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        env |= {"RELAY_URL": stack.relay.url, "REQUESTS_CA_BUNDLE": str(stack.certificates.bundle), "COLUMNS": "120"}
        env |= ({"RELAY_KEY": stack.keys[key]} if key else {}) | environ
        command = [sys.executable, "-m", "relay_admin", *arguments]
        run = subprocess.run(
            command, cwd=ROOT, env=env, input=typed, capture_output=True, text=True, timeout=180, check=False
        )
        for secret in (
            *stack.keys.values(),
            *(secret for client in stack.seed["clients"] for secret in client["secrets"]),
        ):
            assert secret not in run.stdout + run.stderr
        assert "Traceback" not in run.stderr, run.stderr
        return Completed(run.returncode, run.stdout, run.stderr)

    def doctor(self, *arguments: str) -> Completed:
        """Run the doctor, with two mailboxes that must be readable and one that must not."""
        mailboxes = "--allowed room1@contoso.com --allowed room2@contoso.com --refused kari@contoso.com"
        return self("doctor", "--json", *mailboxes.split(), *arguments)
