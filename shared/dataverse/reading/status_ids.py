"""Which statuses bookings are given: those of the settings, else those of booking setup metadata.

Pages: "bookingstatus table", "Configure the scheduling method for the booking status" (what the optimizer may move).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.dataverse.decision import NewStatus
from shared.dataverse.reading.bookings import FRESH, class_of
from shared.dataverse.sides import Status
from shared.dynamics.environment import Environment
from shared.errors import ConfigurationError

OPTIMIZE = 192350000  # msdyn_optimizationmethod
_WANTED = {NewStatus.COMMITTED: Status.COMMITTED, NewStatus.CANCELED: Status.ENDED}
_SETTINGS = {NewStatus.COMMITTED: "DATAVERSE_COMMITTED_STATUS", NewStatus.CANCELED: "DATAVERSE_CANCELED_STATUS"}


@dataclass
class WrittenStatuses:
    """Methods raise DynamicsError, and ConfigurationError for a status that cannot be given.

    `given`: the values of DATAVERSE_COMMITTED_STATUS and DATAVERSE_CANCELED_STATUS.
    """

    environment: Environment
    given: Callable[[NewStatus], str]
    now: Callable[[], datetime]
    _read_ids: dict[NewStatus, tuple[datetime, str]] = field(default_factory=dict, init=False)

    def of(self, status: NewStatus) -> str:
        """Return the id of the status that is given now, read at most every FRESH."""
        known = self._read_ids.get(status)
        if known is None or self.now() - known[0] >= FRESH:
            known = self._read_ids[status] = (self.now(), self._read(status))
        return known[1]

    def _read(self, status: NewStatus) -> str:
        rows = {str(row.get("bookingstatusid", "")).lower(): row for row in self.environment.statuses()}
        wanted = self.given(status) or self._default(status) or _only(status, rows)
        row = rows.get(wanted, {})
        if class_of(row) is not _WANTED[status] or row.get("statecode") == 1:
            raise ConfigurationError(_SETTINGS[status], f"set it to the id of an active status that is {status}")
        if row.get("msdyn_optimizationmethod") == OPTIMIZE:
            text = "set it to a status whose scheduling method is not Optimize: the optimizer would move such bookings"
            raise ConfigurationError(_SETTINGS[status], text)
        return wanted

    def _default(self, status: NewStatus) -> str:
        rows = self.environment.default_statuses()
        return str(rows[0].get(f"_msdyn_defaultbooking{status}status_value") or "").lower() if rows else ""


def _only(status: NewStatus, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the only status of a class, "" if there are several: nobody said which one."""
    found = [key for key, row in rows.items() if class_of(row) is _WANTED[status] and row.get("statecode") != 1]
    return found[0] if len(found) == 1 else ""
