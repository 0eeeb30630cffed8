"""Which bookings of work orders are left to Microsoft's own sync."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.dataverse.work_orders import MicrosoftSync, is_theirs
from tests.unit.dataverse.scene import NOW, PLAIN

DAY = timedelta(days=1)
ON = MicrosoftSync(has_field_service=True, delivery_method=1, is_ready=True, tagged_at=NOW - DAY)


@pytest.mark.parametrize(
    ("changes", "theirs"),
    [
        ({}, True), ({"has_field_service": False}, False), ({"delivery_method": 2}, False),
        ({"is_ready": False}, False),
        ({"tagged_at": None}, False), ({"tagged_at": NOW - 7 * DAY}, False), ({"tagged_at": NOW + DAY}, False),
    ],
)  # fmt: skip
def test_auto_needs_every_sign_of_that_sync(changes: dict[str, Any], *, theirs: bool) -> None:
    """A visit that nobody carries would be worse than a double."""
    assert is_theirs(PLAIN, replace(ON, **changes), "auto", NOW, has_work_order=True) is theirs


def test_beyond_two_weeks_a_booking_is_the_relays() -> None:
    """That sync looks two weeks ahead."""
    late = replace(PLAIN, start=NOW + 14 * DAY)
    assert not is_theirs(late, ON, "auto", NOW, has_work_order=True)
    assert is_theirs(replace(PLAIN, start=NOW + 13 * DAY), ON, "auto", NOW, has_work_order=True)


def test_the_other_values_of_the_setting() -> None:
    """ours: never; theirs: always. A booking without a work order is never theirs."""
    assert not is_theirs(PLAIN, ON, "ours", NOW, has_work_order=True)
    assert is_theirs(PLAIN, MicrosoftSync(), "theirs", NOW, has_work_order=True)
    for setting in ("auto", "ours", "theirs"):
        assert not is_theirs(PLAIN, ON, setting, NOW, has_work_order=False)
