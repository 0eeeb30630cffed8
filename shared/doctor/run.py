"""Examine the relay from inside: each thing that it needs is tried once, harmlessly, and told with what to do.

The health checks (shared/health/checks.py) tell whether it is still working and cost little; this tells whether it is
set up right, and asks login, the vault, Graph, storage and the partner anew. Nothing that is used elsewhere is changed.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.doctor.bookings import bookings
from shared.doctor.calendars import writing
from shared.doctor.finding import Failed, Finding, found, untold
from shared.doctor.graph import allow_list, calendars, clock, room_lists, token
from shared.doctor.partner import partner
from shared.doctor.request import Examined, Wish
from shared.doctor.vault import vault
from shared.threads import side_by_side

AT_ONCE = 12
# Of the health checks those that this does not do better, by their names there, with what to do.
RUNNING = {
    "reconciler": "Start the app, and see that renew_subscriptions is not disabled and that RENEWAL_SCHEDULE is set. "
    "Run it by hand: POST /admin/functions/renew_subscriptions.",
    "watches": "Read lastError of the watches that are refused or gone: it says what to do about each.",
    "oldestSubscriptionExpiry": "Run renew_subscriptions by hand, and look for its warnings in the log.",
    "queueDepth": "See whether the partner's endpoint is slow or away; changes wait and none is lost.",
    "deliveries": "See what the partner answers (the check partner), then let deliveries go on: resume.",
    "deadLetters": "List the dead letters, have their reason put right, and replay them.",
}
_HEALTH_NAMES = {"deliveries": "partner"}


def examine(parts: Examined, wish: Wish) -> list[Finding]:
    """Return everything that is found, in the order in which things need each other. Never raises."""
    looks: list[Callable[[], list[Finding]]] = [
        lambda: [
            found("settings", lambda: _settings(parts), "Set each of them (docs/settings.md), and restart the app.")
        ],
        lambda: vault(parts),
        lambda: [token(parts)],
        lambda: [
            found("storage", lambda: _storage(parts), "See that the app's identity may work on queues and tables.")
        ],
        lambda: [clock(parts)],
        lambda: [allow_list(parts, wish)],
        lambda: calendars(parts, wish),
        lambda: writing(parts, wish),
        lambda: [room_lists(parts)],
        lambda: bookings(parts),
        lambda: [found("handshake", lambda: _handshake(parts), "Set PUBLIC_BASE_URL, which Graph has to reach.")],
        lambda: [partner(parts, wish)],
        *(_running(parts, name) for name in RUNNING),
    ]
    found_side_by_side = side_by_side(lambda look: look(), looks, AT_ONCE, "doctor")
    return [finding for findings in found_side_by_side for finding in findings]


def _running(parts: Examined, name: str) -> Callable[[], list[Finding]]:
    def look() -> list[Finding]:
        check = parts.health_checks.run(_HEALTH_NAMES.get(name, name))
        text = check.text.removeprefix("ok; ")  # as the health checks begin
        return [Finding(name, check.ok, text, "" if check.ok else RUNNING[name])]

    return look


def _settings(parts: Examined) -> str:
    problems = parts.settings.problems
    if problems:
        told = "; ".join(f"{name}: {problem}" for name, problem in sorted(problems.items()))
        raise Failed(told, f"Set {', '.join(sorted(problems))} as docs/settings.md says, and restart the app.")
    return "every setting is there and sound"


def _storage(parts: Examined) -> str:
    probe = parts.storage_probe()
    probe.row()
    probe.message()
    waiting = parts.changes.depth(), parts.jobs.depth()
    return f"a row and a message were written, read and removed; {waiting[0]} changes and {waiting[1]} repairs wait"


def _handshake(parts: Examined) -> str:
    from shared.graph.handshake_check import KEPT_OUT, PATHS

    own = parts.own_address()
    mistakes = {path: own.mistake(path) for path in PATHS}
    if parts.settings.inbound_restricted and set(mistakes.values()) == {KEPT_OUT}:
        # The filter holds for the whole app, and where the relay calls from nobody can know beforehand.
        text = "See that handshakeOutside is ok: the command line calls from an address that is let in."
        raise untold(f"{own.url} does not let the relay itself in, as INBOUND_RESTRICTED says", text)
    if wrong := [f"{path} {mistake}" for path, mistake in mistakes.items() if mistake]:
        text = (
            "Graph has to reach both without a token: see that PUBLIC_BASE_URL is the app's address, and that no "
            "authentication, address filter or gateway stands in front of /api/notifications and /api/lifecycle."
        )
        raise Failed(f"{own.url}: {'; '.join(wrong)}", text)
    return f"{own.url} answers Graph's handshake, as seen from inside"
