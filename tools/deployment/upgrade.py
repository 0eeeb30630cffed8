"""The check of an upgrade: the relay that runs is asked what the new version would refuse, before anything is deployed.

The command line knows how: `python -m relay_admin before-upgrade`. It gets the new values of azd's environment. Exit
codes of that command: 0 nothing would stop, 1 something would, 3 something is not known.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.deployment.arm import Arm
from tools.deployment.names import hosts
from tools.deployment.values import Stop, Unanswered, env, is_true

ROOT = Path(__file__).parents[2]
LIMIT = 120.0  # seconds for the command line
GIVEN = ("ALLOWED_MAILBOXES", "ALLOWED_NOTIFICATION_HOSTS", "PARTNER_WEBHOOK_URL", "TRUST_APP_SERVICE_AUTH")
COMMAND = "python -m relay_admin before-upgrade"
ACCEPT = "RELAY_ACCEPT_UPGRADE"


def upgrade(arm: Arm) -> str:
    """Check that nothing that works would stop. If something would, ask, or stop where nobody can be asked."""
    found = hosts(arm)
    if not found:
        return "the group holds no relay yet"
    if not (env("RELAY_KEY") or env("RELAY_AUDIENCE")):
        raise Unanswered(f"set RELAY_AUDIENCE or RELAY_KEY, or run: {COMMAND} (docs/before-an-upgrade.md)")
    findings = _findings(env("RELAY_URL") or f"https://{next(iter(found.values()))}")
    stopping = [_text(each) for each in findings if each["stops"]]
    if stopping:
        return _accepted(stopping)
    warnings = [_text(each) for each in findings if each["ok"] is False]
    unknown = [each["name"] for each in findings if each["ok"] is None]
    rest = f"; not known: {', '.join(unknown)} ({COMMAND} says more)" if unknown else ""
    if warnings:
        return f"WARNING, {'; '.join(warnings)}{rest}"
    if unknown:
        raise Unanswered(f"{', '.join(unknown)}. Run: {COMMAND}")
    return "the new version refuses nothing that works now"


def _findings(url: str) -> list[dict[str, Any]]:
    """Return what the command line found. Raises Unanswered if it did not answer."""
    command = [sys.executable, "-m", "relay_admin", "before-upgrade", "--json", "--settings", "-"]
    vault = env("RELAY_VAULT_NAME")
    given = json.dumps([{"name": name, "value": env(name)} for name in GIVEN])
    try:
        done = subprocess.run(
            [*command, *(["--vault", vault] if vault else [])], cwd=ROOT, env={**os.environ, "RELAY_URL": url},
            input=given, capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        return list(json.loads(done.stdout)["findings"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        raise Unanswered(f"the relay was not asked. Run: {COMMAND}") from None


def _accepted(stopping: list[str]) -> str:
    """Return that a person has accepted it. Raises Stop otherwise."""
    text = "; ".join(stopping)
    if is_true(env(ACCEPT)):
        return f"WARNING, accepted by {ACCEPT}: {text}"
    if sys.stdin is not None and sys.stdin.isatty():
        print(f"  upgrade: with this version would stop: {text}")
        if input("  Deploy all the same? [y/N] ").strip().lower() in ("y", "yes"):
            return "WARNING, accepted"
    raise Stop(f"with this version would stop: {text}. To deploy all the same, run: azd env set {ACCEPT} true")


def _text(finding: dict[str, Any]) -> str:
    return f"{finding['name']}: {finding['detail']} ({finding['whatToDo']})"
