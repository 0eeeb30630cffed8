"""The command that asks a relay of an earlier version what this version would refuse, before it is deployed."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.errors import FAILED, OK, UNREACHABLE, CommandError, UsageError
from relay_admin.key_vault import vault_at
from relay_admin.output import Output
from relay_admin.upgrade_rules import Finding, findings
from relay_admin.version import VERSION

KEY_NAME = "client-state-key"
_INVALID = "Give the output of: az functionapp config appsettings list --name APP --resource-group GROUP --output json"


def before_upgrade(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Show what would change. Return 1 if something would stop working, 3 if something is not known."""
    settings = None if options.settings is None else _settings(options.settings)
    key, why = _key(options.vault, (settings or {}).get("CLIENT_STATE_KEY_NAME") or KEY_NAME)
    judged = findings(relay.pages("/subscriptions"), settings, key)
    code = _code(judged)
    shown = [_shown(each, why) for each in judged]
    out.data({"ok": {OK: True, FAILED: False}.get(code), "commandLine": VERSION, "findings": shown})
    out.table(("rule", "", "detail"), ([each["name"], each["ok"], each["detail"]] for each in shown))
    out.line(_CONCLUSIONS[code], style="" if code == OK else "bold red" if code == FAILED else "yellow")
    out.steps([f"{each['name']}: {each['whatToDo']}" for each in shown if each["whatToDo"]])
    return code


_CONCLUSIONS = {
    OK: "Nothing that works would stop.",
    FAILED: "Something that works would stop with this version.",
    UNREACHABLE: "Not known: whether something would stop.",
}


def _code(judged: list[Finding]) -> int:
    """Return the exit code: what would stop is worse than what is not known; a warning is neither."""
    if any(each.stops for each in judged):
        return FAILED
    return UNREACHABLE if any(each.ok is None for each in judged) else OK


def _shown(finding: Finding, why: str) -> dict[str, Any]:
    detail = f"{finding.detail} ({why})" if finding.name == "clientStateKey" and why else finding.detail
    return {"name": finding.name, "ok": finding.ok, "stops": finding.stops, "detail": detail,
            "whatToDo": finding.what_to_do or None}  # fmt: skip


def _settings(path: str) -> dict[str, str]:
    """Return the app settings by name. Raises UsageError for another file."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
        given = {str(each["name"]): str(each["value"] or "") for each in json.loads(text)}
    except (OSError, ValueError, KeyError, TypeError):
        given = {}
    if not given:  # every app has settings
        raise UsageError("The settings cannot be read", _INVALID)
    return given


def _key(vault: str | None, name: str) -> tuple[str | None, str]:
    """Return the newest key, and why it is not known: not everybody may read the vault."""
    if vault is None:
        return None, ""
    try:
        return vault_at(vault).value(name), ""
    except UsageError:
        raise
    except CommandError as error:
        return None, error.title
