"""The payload is built from an allow-list: whatever Graph adds to an event does not leave."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.http.retry_after import seconds_of
from shared.partner.payload import UnreadableEvent, body_of, message_id, public_event
from shared.reliability.retry_schedule import DELAYS, JITTER, MAX_RETRY_AFTER, delay_after
from shared.utc import format_utc

CANARY = "canary-7f3a"
FIELDS = {"id", "seriesId", "title", "start", "end", "startDate", "endDate", "allDay", "availability", "cancelled"}
NAMES = [
    "body",
    "bodyPreview",
    "attendees",
    "location",
    "organizer",
    "webLink",
    "onlineMeeting",
    "categories",
    "iCalUId",
]
NOISE = st.recursive(
    st.just(CANARY), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner,
        max_size=2),
    max_leaves=4,
)  # fmt: skip
TIMES = st.fixed_dictionaries(
    {"dateTime": st.datetimes().map(lambda moment: moment.isoformat() + "0"), "timeZone": st.just("UTC")}
) | st.fixed_dictionaries(
    {"dateTime": st.text(max_size=30), "timeZone": st.sampled_from(["UTC", "Tokyo Standard Time"])}
)
EVENTS = st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=20), "start": TIMES, "end": TIMES},
    optional={
        "subject": st.none() | st.text(max_size=40), "isAllDay": st.booleans() | st.none(),
        "isCancelled": st.booleans(),
        "showAs": st.sampled_from(["free", "busy", "oof", "later", None]),
        "seriesMasterId": st.none() | st.text(max_size=9),
        "sensitivity": st.sampled_from(["normal", "personal", "private", "confidential", "later", None]),
    } | dict.fromkeys(NAMES, NOISE),
)  # fmt: skip


@given(EVENTS, st.dictionaries(st.text(max_size=12).map(lambda name: "x" + name), NOISE, max_size=4))
def test_only_the_fields_of_the_contract_leave(event: dict[str, Any], more: dict[str, Any]) -> None:
    """With the types of the contract, or not at all."""
    try:
        picture = public_event(more | event)
    except UnreadableEvent:
        return
    assert set(picture) == FIELDS
    assert {type(picture[name]) for name in ("title", "start", "end", "availability")} == {str}
    assert picture["availability"] in ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
    body = body_of("updated", "w", "r@contoso.com", picture, datetime(2026, 1, 1, tzinfo=UTC))
    assert CANARY not in body
    assert json.loads(body.encode())["data"]["event"]["start"] == picture["start"]


@given(EVENTS, st.sampled_from(["private", "confidential", "of tomorrow", None, ""]))
def test_no_title_of_a_private_event_leaves(event: dict[str, Any], sensitivity: object) -> None:
    """Whatever other properties it has."""
    try:
        picture = public_event(event | {"subject": CANARY, "sensitivity": sensitivity})
    except UnreadableEvent:
        return
    assert picture["title"] == "Private"
    assert CANARY not in json.dumps(picture)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_is_twenty_characters_that_sort_as_times(moment: datetime) -> None:
    """The ledger compares them as texts."""
    assert len(format_utc(moment)) == 20
    assert datetime.fromisoformat(format_utc(moment)) == moment.replace(microsecond=0)


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_two_states_share_no_webhook_id(first: tuple[str, str, str], second: tuple[str, str, str]) -> None:
    """Ids contain no line breaks, which separate the three parts."""
    clean = [
        tuple(part.replace("\n", "").encode("utf-8", "replace").decode() for part in parts) for parts in (first, second)
    ]
    assert (message_id(*clean[0]) == message_id(*clean[1])) == (clean[0] == clean[1])


@given(st.integers(-10, 10_000), st.none() | st.floats(0, 1e12), st.floats(-1, 1))
def test_delays_grow_and_are_bounded(attempt: int, retry_after: float | None, spread: float) -> None:
    """A delay is at least Retry-After, and at most the longest step or a day."""
    delay = delay_after(attempt, retry_after, spread)
    assert min(retry_after or 0, MAX_RETRY_AFTER) <= delay <= max(DELAYS[-1] * (1 + JITTER), MAX_RETRY_AFTER)
    assert delay_after(attempt + 1, None, spread) >= delay_after(attempt, None, spread)


@given(st.text(max_size=40) | st.floats().map(str) | st.integers().map(str))
def test_any_retry_after_is_seconds_or_none(value: str) -> None:
    """The seconds are finite and not negative."""
    seconds = seconds_of(value)
    assert seconds is None or 0 <= seconds < float("inf")
