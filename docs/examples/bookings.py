"""Calls of the feature bookings (../partner-bookings.md). Needs relay.py beside it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from relay import Relay


def booked(relay: Relay, business: str, appointment: dict[str, Any]) -> Any:
    """Return the appointment, made now or before. Refused says by `code` why the business does not allow it."""
    return relay.call("POST", f"/bookings/{quote(business, safe='')}/appointments", appointment)
