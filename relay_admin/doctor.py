"""Commands that look whether all is well: status (is it still working?) and doctor (is it set up right?)."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from relay_admin.deliveries import in_words
from relay_admin.errors import WELL, WRONG, Refused
from relay_admin.output import Output
from relay_admin.relay import HANDSHAKES, Relay

_OUTSIDE = (
    "Graph comes from outside, too: see that the app takes calls from the internet at /api/notifications and "
    "/api/lifecycle, and that no authentication or address filter stands before them."
)
_WATCH = "Watch a mailbox: python -m relay_admin watch room1@contoso.com"
_BOOK = "Nothing. To see it work, book a meeting in a watched room, and ask the partner for it."


def status(relay: Relay, out: Output, _: Namespace) -> int:
    """Show the health checks, and how deliveries stand if we may know."""
    checks = relay.call("GET", "/health/checks", fine=503)["checks"]
    try:
        state = relay.call("GET", "/relay")
    except Refused:  # a function key, or a role that may read alone
        state = None
    flowing = state is None or state["state"] == "flowing"  # the checks may be a quarter of a minute old
    well = flowing and all(check["ok"] for check in checks.values())
    out.data({"ok": well, "checks": checks, "deliveries": state})
    out.table(
        ("check", "", "what"), ([name, one["ok"], one["detail"].removeprefix("ok; ")] for name, one in checks.items())
    )
    if state:
        out.line(in_words(state))
    if not well:
        out.line("What to do about it: python -m relay_admin doctor")
    return WELL if well else WRONG


def doctor(relay: Relay, out: Output, asked: Namespace) -> int:
    """Have the relay examined from inside, call it as Graph does from here, and end with what to do."""
    wish = {"allowed": asked.allowed, "refused": asked.refused, "ping": not asked.no_ping}
    checks: list[dict[str, Any]] = relay.call("POST", "/doctor", wish)["checks"]
    checks.append(_outside(relay))
    well = all(check["ok"] is not False for check in checks)
    steps = _next_steps(relay, checks)
    out.data({"ok": well, "checks": checks, "next": steps})
    out.table(("check", "", "what"), ([one["name"], one["ok"], one["detail"]] for one in checks))
    out.line("All is well." if well else "Something is wrong.", style="green" if well else "bold red")
    out.line("What to do next:")
    out.steps(steps)
    return WELL if well else WRONG


def _outside(relay: Relay) -> dict[str, Any]:
    wrong = [f"{path} {mistake}" for path in HANDSHAKES if (mistake := relay.handshake(path))]
    told = "; ".join(wrong) or f"{relay.url} answers Graph's handshake, as seen from here"
    return {"name": "handshakeOutside", "ok": not wrong, "detail": told, "whatToDo": _OUTSIDE if wrong else None}


def _next_steps(relay: Relay, checks: list[dict[str, Any]]) -> list[str]:
    """Return what to do, what is wrong before what could not be told."""
    steps = [
        f"{one['name']}: {one['whatToDo']}"
        for ok in (False, None)
        for one in checks
        if one["ok"] is ok and one["whatToDo"]
    ]
    if not any(one["ok"] is False for one in checks):
        watched = relay.call("GET", "/subscriptions", params={"pageSize": "1"})["value"]
        steps.append(_BOOK if watched else _WATCH)
    return steps
