"""Commands that look whether all is well: status (is it still working?) and doctor (is it set up right?)."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from relay_admin.client import HANDSHAKES, RelayClient
from relay_admin.commands.deliveries import delivery_summary
from relay_admin.errors import FAILED, OK, Refused
from relay_admin.output import Output

_OUTSIDE = (
    "Graph comes from outside, too: see that the app takes calls from the internet at /api/notifications and "
    "/api/lifecycle, and that no authentication or address filter stands before them."
)
_WATCH = "Watch a mailbox: python -m relay_admin watch room1@contoso.com"
_BOOK = "Nothing. To see it work, book a meeting in a watched room, and ask the partner for it."


def status(relay: RelayClient, out: Output, _: Namespace) -> int:
    """Show the health checks, and how deliveries stand if we may know."""
    checks = relay.call("GET", "/health/checks", accept=503)["checks"]
    try:
        state = relay.call("GET", "/relay")
    except Refused:  # a function key, or a role that may read alone
        state = None
    flowing = state is None or state["state"] == "flowing"  # the checks may be a quarter of a minute old
    healthy = flowing and all(check["ok"] for check in checks.values())
    out.data({"ok": healthy, "checks": checks, "deliveries": state})
    out.table(
        ("check", "", "what"),
        ([name, check["ok"], check["detail"].removeprefix("ok; ")] for name, check in checks.items()),
    )
    if state:
        out.line(delivery_summary(state))
    if not healthy:
        out.line("What to do about it: python -m relay_admin doctor")
    return OK if healthy else FAILED


def doctor(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Have the relay examined from inside, call it as Graph does from here, and end with what to do."""
    request = {"allowed": options.allowed, "refused": options.refused, "ping": not options.no_ping}
    checks: list[dict[str, Any]] = relay.call("POST", "/doctor", request)["checks"]
    checks.append(_outside(relay))
    healthy = all(check["ok"] is not False for check in checks)
    steps = _next_steps(relay, checks)
    out.data({"ok": healthy, "checks": checks, "next": steps})
    out.table(("check", "", "what"), ([check["name"], check["ok"], check["detail"]] for check in checks))
    out.line("All is well." if healthy else "Something is wrong.", style="green" if healthy else "bold red")
    out.line("What to do next:")
    out.steps(steps)
    return OK if healthy else FAILED


def _outside(relay: RelayClient) -> dict[str, Any]:
    errors = [f"{path} {error}" for path in HANDSHAKES if (error := relay.handshake_error(path))]
    detail = "; ".join(errors) or f"{relay.url} answers Graph's handshake, as seen from here"
    return {"name": "handshakeOutside", "ok": not errors, "detail": detail, "whatToDo": _OUTSIDE if errors else None}


def _next_steps(relay: RelayClient, checks: list[dict[str, Any]]) -> list[str]:
    """Return what to do, what is wrong before what could not be told."""
    steps = [
        f"{check['name']}: {check['whatToDo']}"
        for ok in (False, None)
        for check in checks
        if check["ok"] is ok and check["whatToDo"]
    ]
    if not any(check["ok"] is False for check in checks):
        watched = relay.call("GET", "/subscriptions", params={"pageSize": "1"})["value"]
        steps.append(_BOOK if watched else _WATCH)
    return steps
