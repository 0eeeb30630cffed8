"""Commands that check the relay: status (does it work now?) and doctor (is it set up correctly?)."""

from __future__ import annotations

import re
from argparse import Namespace
from typing import Any

from relay_admin.client import HANDSHAKES, RelayClient
from relay_admin.commands.deliveries import delivery_summary
from relay_admin.errors import FAILED, OK, Refused
from relay_admin.output import Output
from relay_admin.version import VERSION

_OUTSIDE = (
    "Graph calls from the internet: check that the app accepts calls from there at /api/notifications and "
    "/api/lifecycle, and that no authentication or address filter blocks them."
)
_WATCH = "Watch a mailbox: python -m relay_admin watch room1@contoso.com"
_BOOK = "Nothing. To test a delivery, book a meeting in a watched room and check that the partner received it."


def status(relay: RelayClient, out: Output, _: Namespace) -> int:
    """Show the health checks, and the state of deliveries if permitted."""
    checks = relay.call("GET", "/health/checks", accept=503)["checks"]
    try:
        state = relay.call("GET", "/relay")
    except Refused:  # a function key, or a role below Relay.Admin
        state = None
    flowing = state is None or state["state"] == "flowing"  # the checks may be 15 seconds old
    healthy = flowing and all(check["ok"] for check in checks.values())
    relay_version = _version_in(checks.get("version", {}).get("detail", ""))
    versions = {"relay": relay_version, "commandLine": VERSION}
    out.data({"ok": healthy, "checks": checks, "deliveries": state, "versions": versions})
    out.table(
        ("check", "", "detail"),
        ([name, check["ok"], check["detail"].removeprefix("ok; ")] for name, check in checks.items()),
    )
    if state:
        out.line(delivery_summary(state))
    if state and state.get("outgoingAddress"):  # a relay of an earlier version has none
        out.line(f"It calls the partner from the address {state['outgoingAddress']}.")
    _warn(out, relay_version)
    if not healthy:
        out.line("For what to do, run: python -m relay_admin doctor")
    return OK if healthy else FAILED


def doctor(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Run the relay's own doctor, call the relay from here as Graph does, and list what to do."""
    request = {"allowed": options.allowed, "refused": options.refused, "ping": not options.no_ping}
    checks: list[dict[str, Any]] = relay.call("POST", "/doctor", request)["checks"]
    checks.append(_outside(relay))
    healthy = all(check["ok"] is not False for check in checks)
    steps = _next_steps(relay, checks)
    out.data({"ok": healthy, "checks": checks, "next": steps})
    out.table(("check", "", "detail"), ([check["name"], check["ok"], check["detail"]] for check in checks))
    out.line("No problem found." if healthy else "Problems found.", style="green" if healthy else "bold red")
    _warn(out, _version_in("".join(check["detail"] for check in checks if check["name"] == "package")))
    out.line("What to do next:")
    out.steps(steps)
    return OK if healthy else FAILED


def _outside(relay: RelayClient) -> dict[str, Any]:
    errors = [f"{path} {error}" for path in HANDSHAKES if (error := relay.handshake_error(path))]
    detail = "; ".join(errors) or f"{relay.url} answers Graph's handshake, as seen from here"
    return {"name": "handshakeOutside", "ok": not errors, "detail": detail, "whatToDo": _OUTSIDE if errors else None}


def _version_in(detail: str) -> str | None:
    """Return the relay's version from the detail of the check that shows it; None for a relay without that check."""
    match = re.match(r"(?:ok; )?(\d+\.\d+\.[^\s,]+)", detail)
    return match[1] if match else None


def _warn(out: Output, relay_version: str | None) -> None:
    """Say so if the command line is not of the relay's release: it may lack commands, or expect other responses."""
    if relay_version != VERSION:
        theirs = relay_version or "older and does not say which"
        out.line(f"The versions differ: this command line is {VERSION}, the relay is {theirs}.", style="yellow")


def _next_steps(relay: RelayClient, checks: list[dict[str, Any]]) -> list[str]:
    """Return what to do: failed checks first, then inconclusive ones, then what a good one still recommends."""
    steps = [
        f"{check['name']}: {check['whatToDo']}"
        for ok in (False, None, True)
        for check in checks
        if check["ok"] is ok and check["whatToDo"]
    ]
    if not any(check["ok"] is False for check in checks):
        watched = relay.call("GET", "/subscriptions", params={"pageSize": "1"})["value"]
        steps.append(_BOOK if watched else _WATCH)
    return steps
