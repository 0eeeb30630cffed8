"""Runs the permission scripts on a tenant in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.powershell.interpreter import Session
from tests.support.powershell.tenant import API, PARTNER, RELAY, ROOMS, Tenant

SCRIPTS = Path(__file__).parents[3] / "infra" / "permissions"
MAILBOXES = {"MailboxInside": "room1@contoso.com", "MailboxOutside": "ceo@contoso.com"}
SCOPED = {"AppId": RELAY, "ObjectId": f"object-of-{RELAY}", "Group": ROOMS, **MAILBOXES}
CALLER = {"AppId": API, "CallerAppId": PARTNER}


def run(tenant: Tenant, script: str, **arguments: Any) -> Session:
    """Run a script in a new session."""
    return _run(Session(tenant.cmdlets()), script, arguments)


def dry_run(tenant: Tenant, script: str, **arguments: Any) -> Session:
    """Run a script with -WhatIf in a new session."""
    return _run(Session(tenant.cmdlets(), dry=True), script, arguments)


def _run(session: Session, script: str, arguments: dict[str, Any]) -> Session:
    session.run(SCRIPTS / f"{script}.ps1", **arguments)
    return session
