"""The state that people see, for each kind of row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest

from shared.storage.watches import State, Watch, watch_id_of
from shared.watches.states import Shown, ShownState, shown
from tests.support.world import MAILBOX, START

SINCE, LATER = START - timedelta(days=1), START - timedelta(hours=1)
SOON = START + timedelta(minutes=5)
DENIED = "Graph denies the subscription. The relay asks again, and makes a new one if it is denied twice."


def watch(state: str = "live", **changes: Any) -> Watch:
    """Return a watch with a state since yesterday."""
    fields: dict[str, Any] = {"state": state, "since": SINCE, "subscription_id": "s-1"}
    return Watch(watch_id_of(MAILBOX), MAILBOX, "relay", SINCE, **fields | changes)


READING: dict[str, Any] = {"reading_state": "refused", "reading_since": LATER, "reading_error": "Grant it."}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (watch(), (ShownState.LIVE, SINCE, "")),
        (watch(missing_since=LATER), (ShownState.DOUBTFUL, LATER, DENIED)),
        (watch(**READING), (ShownState.REFUSED, LATER, "Grant it.")),
        (watch(**READING | {"reading_state": "gone"}), (ShownState.GONE, LATER, "Grant it.")),
        (watch(missing_since=LATER, **READING), (ShownState.REFUSED, LATER, "Grant it.")),
        (watch(last_error="Try again"), (ShownState.LIVE, SINCE, "Try again")),
        (watch("pending"), (ShownState.PENDING, SINCE, "")),
        (watch("pending", retry_at=SOON, last_error="x"), (ShownState.WAITING, SINCE, "x")),
        (watch("pending", retry_at=START, last_error="x"), (ShownState.PENDING, SINCE, "x")),
        (watch("refused", last_error="x", **READING), (ShownState.REFUSED, SINCE, "x")),
        (watch("refused", retry_at=SOON, missing_since=LATER), (ShownState.REFUSED, SINCE, "")),
        (watch("gone", last_error="x"), (ShownState.GONE, SINCE, "x")),
        (watch("paused", missing_since=LATER), (ShownState.PAUSED, SINCE, "")),
        (watch(since=None), (ShownState.LIVE, None, "")),
    ],
)
def test_each_row_has_a_single_state(row: Watch, expected: tuple[ShownState, Any, str]) -> None:
    """With the time since, and what to do about it."""
    assert shown(row, START) == Shown(*expected)


def test_each_stored_state_is_a_state_that_people_see() -> None:
    """Under its own name, so that callers of earlier versions read what they know."""
    for state in get_args(State):
        assert shown(watch(state), START).state == state


def test_the_state_is_written_as_its_name() -> None:
    """In JSON and in texts."""
    assert [str(state) for state in ShownState] == [
        "pending", "waiting", "live", "doubtful", "refused", "gone", "paused", "paused-by-host",
        "paused-by-owner", "stopped",
    ]  # fmt: skip
