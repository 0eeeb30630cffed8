"""Which rights the relay's application user needs, by table, for a direction. Pure.

To Outlook it reads; the other directions also write bookings, and where Field Service is installed its logic makes
headers, timestamps and changes of bookings in the caller's name. relay_admin/dynamics/rights.py has the same tables.
Page: "Security roles and privileges".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

Accesses = Mapping[str, tuple[str, ...]]

BOOKING, TIMESTAMP = "bookableresourcebooking", "msdyn_bookingtimestamp"
READING: Accesses = {
    BOOKING: ("Read",),
    "bookableresource": ("Read",),
    "bookingstatus": ("Read",),
    "organization": ("Read",),
    "systemuser": ("Read",),
    "mailbox": ("Read",),
    "msdyn_bookingsetupmetadata": ("Read",),
}
WRITING: Accesses = {
    BOOKING: ("Create", "Write", "Append", "AppendTo"),
    "bookableresource": ("AppendTo",),
    "bookingstatus": ("AppendTo",),
}
WITH_FIELD_SERVICE: Accesses = {
    "bookableresourcebookingheader": ("Create", "Append"),
    TIMESTAMP: ("Create", "Append"),
    "msdyn_bookingchange": ("Create", "Append"),
}
ASSIGNING: Accesses = {BOOKING: ("Assign",)}
OF_SOLUTIONS = ("msdyn_bookingsetupmetadata", *WITH_FIELD_SERVICE)  # tables that an environment may not have


def needed(direction: str, owner: str, *, has_field_service: bool) -> dict[str, list[str]]:
    """Return the accesses by table. `direction`, `owner`: DATAVERSE_DIRECTION, DATAVERSE_OWNER ("" if unset)."""
    writes = direction != "to-outlook"
    parts: Collection[Accesses] = [
        READING, *([WRITING] if writes else []), *([WITH_FIELD_SERVICE] if writes and has_field_service else []),
        *([ASSIGNING] if writes and owner else []),
    ]  # fmt: skip
    return {
        table: [access for part in parts for access in part.get(table, ())]
        for table in dict.fromkeys(name for part in parts for name in part)
    }
