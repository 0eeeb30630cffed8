"""Deletes the rows of a followed business, by the address of its mailbox."""

from __future__ import annotations

from shared.storage.followed.appointments import (
    FollowedAppointment,
    FollowedAppointments,
    FollowedBusiness,
    FollowedBusinesses,
    row_id,
)
from shared.unreadable_rows import Unreadable


class FollowedRows:
    """The table of followed appointments. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, appointments: FollowedAppointments, businesses: FollowedBusinesses) -> None:
        self._appointments = appointments
        self._businesses = businesses

    def forget(self, mailbox: str) -> int:
        """Delete all rows of a business, also unreadable ones, and return how many. If it is still followed, its next
        reading is a first one.
        """
        address, deleted = mailbox.lower(), 0
        for row in self._appointments.rows():
            if isinstance(row, FollowedAppointment):
                deleted += self._appointments.delete(row) if row.business == address else 0
            elif row.cells.get("business") == address:
                deleted += self._appointments.delete(FollowedAppointment(row.key, address, "", etag=row.etag))
        business = self._businesses.find(row_id(address))
        if isinstance(business, Unreadable):
            business = FollowedBusiness(business.key, address, etag=business.etag)
        return deleted + int(business is not None and self._businesses.delete(business))
