"""The table "When it ends" of docs/data-protection.md names every kind of row and message, with the code's days."""

from __future__ import annotations

import math
import re
from datetime import timedelta

import pytest

from shared.bookings import records
from shared.bookings.deliveries import states
from shared.forgetting import off_list, old_rows
from shared.policy import owner
from shared.reliability.retry_schedule import ATTEMPT_OFFSETS, MAX_RETRY_AFTER
from shared.resync import ledger_sweep, resync
from shared.scheduling import cleanup
from shared.storage import tombstones
from shared.storage.deletion import call_rows
from shared.storage.retries import SLOT, SLOTS
from tests.architecture.test_data_protection import OTHERS, PAGE, PERSONAL

SECTION = PAGE.partition("\n## When it ends\n")[2].partition("\n## ")[0]
ROWS = [line.strip("|").split(" | ") for line in SECTION.splitlines() if line.startswith("| ") and "---" not in line]
DAY = timedelta(days=1)
LONGEST_SUBSCRIPTION = timedelta(minutes=10_080)  # "subscription resource type": events
LAST_ATTEMPT = timedelta(days=math.ceil(ATTEMPT_OFFSETS[-1] / DAY.total_seconds()))
WRITTEN_BY_COLUMN = {"heartbeat", "awaited"}  # rows that are no dataclass
# The days that the row of a kind names; of the others none.
DAYS: dict[str, set[timedelta]] = {
    "Watch": {off_list.FORGET_AFTER},
    "Entry": {resync.FAILED_KEPT, resync.SERIES_KEPT, ledger_sweep.UNUSED},
    "Parked: waiting": {old_rows.ORPHANS_KEPT},
    "Parked: dead letter": {old_rows.ORPHANS_KEPT},
    "Booking": {old_rows.SLOTS_KEPT, cleanup.KEPT},
    "FollowedAppointment": {states.KEPT, call_rows.FOLLOWED_KEPT},
    "FollowedBusiness": {call_rows.FOLLOWED_KEPT},
    "Replay": {old_rows.REPLAYS_KEPT},
    "FirstCall": {call_rows.FIRST_CALLS_KEPT},
    "AppointmentRecord": {records.KEPT},
    "UnknownSubscription": {LONGEST_SUBSCRIPTION},
    "OffList": {off_list.LONGEST_GAP},
    "OwnerReading": {owner.KEPT},
    "RoomReading": {call_rows.ROOMS_KEPT},
    "RoomPart": {call_rows.ROOMS_KEPT},
    "Tombstone": {tombstones.KEEP},
    "Lease": {old_rows.LEASES_KEPT},
    "Change": {LAST_ATTEMPT},
    "Job": {LAST_ATTEMPT},
}


def kinds_of(cell: str) -> list[str]:
    """Return the kinds that a first cell names; one that is written twice has what follows it."""
    after = re.search(r"`Parked`: (waiting|dead letter)", cell)
    return [f"Parked: {after[1]}"] if after else re.findall(r"`(\w+)`", cell)


LISTED = {kind: " | ".join(cells[1:]) for cells in ROWS for kind in kinds_of(cells[0])}


def test_every_kind_has_a_row_and_every_row_a_kind() -> None:
    """A kind that is added must say when it ends; Parked has two ends."""
    kinds = {kind.__name__ for kind in (*PERSONAL, *OTHERS)} - {"Parked"}
    assert set(LISTED) == kinds | WRITTEN_BY_COLUMN | {"Parked: waiting", "Parked: dead letter"}
    assert sum(len(kinds_of(cells[0])) for cells in ROWS) == len(LISTED), "a kind has two rows"


@pytest.mark.parametrize("kind", sorted(LISTED))
def test_the_days_of_a_row_are_those_of_the_code(kind: str) -> None:
    """Each number of days on the page is a constant, and each constant is on the page."""
    named = {int(days) * DAY for days in re.findall(r"(\d+) days", LISTED[kind])}
    assert named == DAYS.get(kind, set())


def test_the_other_times_are_those_of_the_code() -> None:
    """Minutes and a single day are written as words."""
    assert "80 minutes" in LISTED["DeliveryCount"]
    assert timedelta(minutes=80) == SLOT * SLOTS
    assert "hidden for a day at most" in LISTED["Change"]
    assert timedelta(seconds=MAX_RETRY_AFTER) == DAY
    assert "ten minutes if cancelled" in LISTED["Booking"]
    assert timedelta(minutes=10) == cleanup.LATEST


def test_each_kind_with_personal_data_names_what_ends_it() -> None:
    """No row about people is kept without an end."""
    for cells in ROWS[1:]:
        about, ended_by = cells[1], cells[3]
        assert about.strip() == "none" or ended_by.strip(), cells
