"""Which bookings are left to Microsoft's own sync, by what is known of its user at this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.sides import Booking
from shared.dataverse.work_orders import MicrosoftSync, is_theirs
from shared.dynamics.environment import Environment
from shared.dynamics.errors import DynamicsRefused

FRESH = timedelta(minutes=5)
TESTED = 1  # mailbox.actstatus: Success


@dataclass
class LeftToMicrosoft:
    """Implements LeavesToMicrosoft. `setting`: DATAVERSE_WORK_ORDERS. Without the right, the booking is the relay's."""

    states: ResourceStates
    environment: Environment
    setting: Callable[[], str]
    now: Callable[[], datetime]
    _readings: dict[str, tuple[datetime, MicrosoftSync]] = field(default_factory=dict, init=False)

    def __call__(self, booking: Booking) -> bool:
        """Return whether a booking is left to that sync. Raises DynamicsError while that is unknown."""
        setting = self.setting()
        if not booking.has_work_order or setting == "ours":
            return False
        sync = self._sync(booking.resource) if setting == "auto" else MicrosoftSync()
        return is_theirs(booking, sync, setting, self.now(), has_work_order=True)

    def unshown(self, bookings: Iterable[Booking], user_id: str) -> int:
        """Return how many bookings of work orders neither that sync nor the relay shows, with the setting theirs.

        By the user's mailbox alone, whatever events of that sync were seen. Raises DynamicsError.
        """
        left = [each for each in bookings if each.has_work_order] if self.setting() == "theirs" else []
        sync = replace(self._read(user_id), tagged_at=self.now()) if left and user_id else MicrosoftSync()
        return sum(not is_theirs(each, sync, "auto", self.now(), has_work_order=True) for each in left)

    def _sync(self, resource_id: str) -> MicrosoftSync:
        stored = self.states.stored(resource_id)
        if stored is None or stored.tagged_at is None or not stored.user_id:
            return MicrosoftSync()
        known = self._readings.get(stored.user_id)
        if known is None or self.now() - known[0] >= FRESH:
            known = self._readings[stored.user_id] = (self.now(), self._read(stored.user_id))
        return replace(known[1], tagged_at=stored.tagged_at)

    def _read(self, user_id: str) -> MicrosoftSync:
        try:
            rows = self.environment.mailbox_of_user(user_id)
        except DynamicsRefused:
            return MicrosoftSync()
        row = rows[0] if rows else {}
        is_ready = row.get("enabledforact") is True and row.get("actstatus") == TESTED
        method = row.get("actdeliverymethod")
        return MicrosoftSync(
            has_field_service=True, delivery_method=method if isinstance(method, int) else 0, is_ready=is_ready
        )
