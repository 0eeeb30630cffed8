"""The partner's appointments of Microsoft Bookings, built from deliveries alone. No network, no clock."""

import json
from datetime import datetime
from typing import Any

from sandbox.partner.contract import APPOINTMENT_TYPES


class Appointments:
    """The appointments of each business by id, each as in its newest delivery."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], tuple[datetime, dict[str, Any]]] = {}

    def apply(self, body: bytes) -> None:
        """Apply the body of a verified delivery, unless a newer one was applied before; others change nothing."""
        try:
            payload = json.loads(body)
            appointment, timestamp = payload["data"]["appointment"], datetime.fromisoformat(payload["timestamp"])
            key = (str(appointment["businessId"]), str(appointment["id"]))
            is_appointment = payload["type"] in APPOINTMENT_TYPES
        except (KeyError, TypeError, ValueError):
            return
        if is_appointment and (key not in self._newest or self._newest[key][0] <= timestamp):
            self._newest[key] = timestamp, appointment

    def listed(self) -> dict[str, list[dict[str, Any]]]:
        """Return the living appointments of each business."""
        businesses: dict[str, list[dict[str, Any]]] = {}
        for (business, _), (_, appointment) in self._newest.items():
            living = businesses.setdefault(business, [])
            if appointment["status"] != "cancelled":
                living.append(appointment)
        return businesses

    def forget(self) -> None:
        """Forget all appointments."""
        self._newest.clear()
