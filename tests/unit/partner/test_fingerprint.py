"""The fingerprint of a public event is that of earlier versions, whose entries are in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.graph.client_state import Key
from shared.partner.fingerprint import fingerprint, is_same
from shared.partner.payload import public_event

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEYS = [Key("v1", b"a secret of the relay", NOW - timedelta(days=30))]
STORED = "v1:b2a403e20f24eabb118fc9bd6f995859"  # by the version before events had dates


def closed(**changes: Any) -> dict[str, Any]:
    """Return the public event of three days that are free of appointments, with some properties changed."""
    times = {"start": {"dateTime": "2026-12-24T00:00:00", "timeZone": "UTC"},
             "end": {"dateTime": "2026-12-27T00:00:00", "timeZone": "UTC"}}  # fmt: skip
    event = {"id": "AAMk=", "subject": "Closed", "showAs": "busy", "sensitivity": "normal", "isAllDay": True, **times}
    return public_event(event | changes)


def test_an_entry_of_the_version_before_still_matches() -> None:
    """So an upgrade delivers no event again whose etag alone changes later."""
    assert closed()["startDate"] == "2026-12-24"
    assert fingerprint(closed(), KEYS, NOW) == STORED
    assert is_same(STORED, closed(), KEYS)


@pytest.mark.parametrize(
    "changes",
    [{"isAllDay": False}, {"start": {"dateTime": "2026-12-23T00:00:00", "timeZone": "UTC"}},
     {"end": {"dateTime": "2026-12-28T00:00:00", "timeZone": "UTC"}}],
    ids=["timed", "start", "end"],
)  # fmt: skip
def test_other_days_are_another_fingerprint(changes: dict[str, Any]) -> None:
    """The dates are left out, but what they follow from is not."""
    assert not is_same(STORED, closed(**changes), KEYS)
