"""How the relay stands, in figures that alerts and the workbook watch; told at every run of the timer."""

from __future__ import annotations

import base64
import logging
from collections import Counter
from collections.abc import Callable
from typing import get_args

from shared import telemetry
from shared.delivery.pause import picture
from shared.errors import RelayError
from shared.messages import BadMessage, read_changes
from shared.parts import Parts
from shared.storage.partner_endpoint import FLOWING
from shared.storage.watches import State

_logger = logging.getLogger("relay.figures")


def tell_figures(parts: Parts) -> None:
    """Log every figure that can be read. Never raises: a figure that is missing must not end the timer's run."""
    tellers: tuple[Callable[[Parts], None], ...] = (_tell_watches, _tell_queue, _tell_deliveries)
    for tell in tellers:
        try:
            tell(parts)
        except RelayError as error:
            _logger.warning("Figures are missing: %s", error)
        except Exception as error:  # noqa: BLE001  (as above; its text may quote anything)
            _logger.warning("Figures are missing: %s", type(error).__name__)


def _tell_watches(parts: Parts) -> None:
    """Tell the watches by state, and in how many minutes the first subscription of a live one ends."""
    watches = list(parts.watches.all())
    states = Counter(watch.state for watch in watches)
    for state in get_args(State):
        telemetry.gauge("watches", states[state], state=state)
    ends = [watch.expires for watch in watches if watch.state == "live" and watch.expires]
    if ends:
        telemetry.gauge("next_expiry_minutes", int((min(ends) - parts.now()).total_seconds() // 60))


def _tell_queue(parts: Parts) -> None:
    """Tell how long the oldest change waits that nobody has tried yet, and how many messages there are."""
    now = parts.now()
    waits = [(now - since).total_seconds() for text, since in parts.changes.due() if _is_new(text)]
    telemetry.gauge("oldest_change_seconds", max(0, int(max(waits, default=0))))
    telemetry.gauge("queue_depth", parts.changes.depth())


def _is_new(text: str) -> bool:
    """Return whether a message was never tried. One that was is as old as its delay, and late only by moments."""
    try:
        return read_changes(base64.b64decode(text, validate=True).decode()).attempt == 0
    except (BadMessage, ValueError):
        return False  # the host moves it away


def _tell_deliveries(parts: Parts) -> None:
    """Tell whether deliveries leave, and how many changes wait for that or for a person."""
    now = picture(parts)
    telemetry.gauge("deliveries_held", int(now.endpoint.state != FLOWING), state=now.endpoint.state)
    telemetry.gauge("changes_parked", now.waiting)
    telemetry.gauge("dead_letters_kept", now.dead)
