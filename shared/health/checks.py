"""Is it still working? Named checks, each ok or what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.delivery.pause import MOST_COUNTED, picture
from shared.errors import RelayError
from shared.partner.webhook import signed_headers
from shared.parts import Parts
from shared.resync.catch_up import ABSENCE
from shared.storage.parked import DEAD
from shared.storage.partner_endpoint import FLOWING
from shared.storage.watches import NEEDS_A_PERSON

DEEP_QUEUE = 5_000  # messages; a hundred changes each at worst
CHANCE = timedelta(hours=1)  # two runs of the timer
VITAL = ("settings", "keyVault", "graphToken", "storage")  # without these the relay as a whole is down


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, whether it is ok, and what was found or what to do."""

    name: str
    ok: bool
    text: str


def check_all(parts: Parts) -> list[Check]:
    """Run every check; none of them raises."""
    return [run(name, parts) for name in _checks()]


def is_up(checks: list[Check]) -> bool:
    """Return whether the relay as a whole can work."""
    return all(check.ok for check in checks if check.name in VITAL)


class Failed(Exception):
    """A check that is not ok; the text says what to do."""


def run(name: str, parts: Parts) -> Check:
    """Run the check of that name; it does not raise."""
    try:
        return Check(name, ok=True, text=_checks()[name](parts))
    except (RelayError, Failed) as error:
        return Check(name, ok=False, text=str(error))
    except Exception as error:  # noqa: BLE001  (an answer that fails tells nobody what is wrong)
        return Check(name, ok=False, text=f"could not be checked ({type(error).__name__})")


def _checks() -> dict[str, Callable[[Any], str]]:
    return {
        "settings": _settings,
        "keyVault": _key_vault,
        "graphToken": _graph_token,
        "storage": _storage,
        "reconciler": _reconciler,
        "watches": _watches,
        "oldestSubscriptionExpiry": _oldest_expiry,
        "queueDepth": _queue_depth,
        "partner": _partner,
        "deadLetters": _dead_letters,
    }


def _settings(parts: Parts) -> str:
    problems = [f"{name}: {problem}" for name, problem in sorted(parts.settings.problems.items())]
    if problems:
        raise Failed("; ".join(problems))
    return "ok"


def _key_vault(parts: Parts) -> str:
    keys = parts.client_state_keys()
    webhook = parts.webhook
    signed_headers(webhook.name, webhook.secrets(), "msg_health", parts.now(), "{}")
    return f"ok; {len(keys)} clientState key{'s' if len(keys) > 1 else ''} in use"


def _graph_token(parts: Parts) -> str:
    parts.get_token()
    return "ok"


def _storage(parts: Parts) -> str:
    parts.watches.page(1)
    return "ok"


def _reconciler(parts: Parts) -> str:
    """Fail when the timer has not run for so long that Graph has given up on what it could not deliver."""
    last = parts.heartbeat.last()
    if last is None:
        return "ok; renew_subscriptions has not run yet"
    if parts.now() - last > ABSENCE:
        raise Failed(f"renew_subscriptions last ran at {last:%Y-%m-%dT%H:%M:%SZ}: is the app stopped, or its timer?")
    return f"ok; ran at {last:%Y-%m-%dT%H:%M:%SZ}"


def _watches(parts: Parts) -> str:
    """Fail when a watch needs a person."""
    watches = list(parts.watches.all())
    states = Counter(watch.state for watch in watches)
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "no watches"
    if stuck := [watch.id for watch in watches if watch.state in NEEDS_A_PERSON]:
        raise Failed(f"{told}; GET /api/subscriptions/{{id}} says what to do about {', '.join(stuck[:5])}")
    return f"ok; {told}"


def _oldest_expiry(parts: Parts) -> str:
    """Fail when a watch has no live subscription although the timer had its chance; see `_watches` for the others."""
    watches, now = list(parts.watches.all()), parts.now()
    late = [
        watch
        for watch in watches
        if watch.state in ("live", "pending") and (watch.expires or (watch.since or watch.created) + CHANCE) < now
    ]
    if late:
        ids = ", ".join(watch.id for watch in late[:5])
        raise Failed(f"{len(late)} watches have no live subscription ({ids}): look for renew_subscriptions in the log")
    ends = [watch.expires for watch in watches if watch.expires]
    return f"ok; the next of {len(watches)} ends at {min(ends):%Y-%m-%dT%H:%M:%SZ}" if ends else "ok; no watches"


def _partner(parts: Parts) -> str:
    """Fail while deliveries do not leave."""
    now = picture(parts)
    waiting = f"{now.waiting}{'+' if now.waiting == MOST_COUNTED else ''} changes wait"
    if now.endpoint.state != FLOWING:
        since = f"{now.endpoint.since:%Y-%m-%dT%H:%M:%SZ}" if now.endpoint.since else "unknown"
        raise Failed(f"{now.endpoint.state} since {since} ({now.endpoint.reason}); {waiting}")
    return f"ok; {waiting}"


def _dead_letters(parts: Parts) -> str:
    """Fail when a person has to look at something."""
    number = parts.parked.count(DEAD, MOST_COUNTED)
    if number:
        raise Failed(f"{number} changes could not be delivered: GET /api/dead-letters says why, and how to replay them")
    return "ok; none"


def _queue_depth(parts: Parts) -> str:
    depth = parts.changes.depth()
    if depth > DEEP_QUEUE:
        raise Failed(f"{depth} messages wait on calendar-changes: is the partner's endpoint down?")
    return f"ok; {depth} messages"
