"""What an administrator does to deliveries: look, pause, resume."""

from __future__ import annotations

from dataclasses import dataclass

from shared import telemetry
from shared.errors import RequestRejected
from shared.messages import Job
from shared.parts import Parts
from shared.storage.parked import DEAD, WAITING
from shared.storage.partner_endpoint import FLOWING, PAUSED, Endpoint

LONGEST_REASON = 500
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Picture:
    """The endpoint's state, and how many changes wait and are dead (MOST_COUNTED: that many or more)."""

    endpoint: Endpoint
    waiting: int
    dead: int


def picture(parts: Parts) -> Picture:
    """Return how deliveries stand."""
    waiting, dead = (parts.parked.count(kind, MOST_COUNTED) for kind in (WAITING, DEAD))
    return Picture(parts.gate.endpoint(fresh=True), waiting, dead)


def pause(parts: Parts, reason: str, caller: str) -> None:
    """Let nothing leave any more; intake goes on. In other processes it takes a second. Raises RequestRejected."""
    _checked(reason)
    parts.gate.put(PAUSED, reason)
    telemetry.audit("pause", caller, reason=reason)


def resume(parts: Parts, reason: str, caller: str) -> None:
    """Let everything flow again, also after a 410, and what waited first. Raises RequestRejected."""
    _checked(reason)
    parts.gate.put(FLOWING, reason)
    parts.repairs.send(Job("", "drain"))
    telemetry.audit("resume", caller, reason=reason)


def _checked(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        text = f'Say why, on one line of at most {LONGEST_REASON} characters: {{"reason": "…"}}.'
        raise RequestRejected(422, "A reason is needed", text)
