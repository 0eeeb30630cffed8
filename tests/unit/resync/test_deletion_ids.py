"""The webhook-id of a deletion that the partner has not acknowledged stays the same at every attempt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.partner.payload import DELETED
from shared.resync.partner_state import Sending, deletion_of, sending
from shared.storage.ledger_entry import Entry


def opened(state: str, number: int = 0) -> Entry:
    """Return an entry after the first attempt of a deletion."""
    entry = Entry("2" * 32, "E", delivered_state=state, deletions=number)
    first = sending(entry, deletion_of(entry))
    return replace(entry, tried=first.text, deletions=first.number)


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("state", ["", 'W/"6"'])
@pytest.mark.parametrize("since", ["", DELETED, 'W/"7"', 'series W/"7"'])
def test_a_deletion_that_is_tried_again_keeps_its_id(state: str, number: int, since: str) -> None:
    """Also if an instance of an earlier version wrote meanwhile what the partner is said to have."""
    entry = opened(state, number)
    again = replace(entry, delivered_state=since)
    assert sending(again, deletion_of(again)) == Sending(entry.tried, number)


def test_a_deletion_after_another_state_has_another_id() -> None:
    """The event returned, and that was tried: the partner may have it again."""
    entry = opened('W/"6"')
    back = sending(entry, 'W/"7"')
    returned = replace(entry, tried=back.text, deletions=back.number)
    again = sending(returned, deletion_of(returned))
    assert again.text not in (entry.tried, back.text)
