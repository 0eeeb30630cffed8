"""Any input gives a value or the one documented error."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.delivery.intake import take_in
from shared.graph.client_state import Key, Kind, sign
from shared.graph.handshake import BadToken, validation_token
from shared.graph.notification import BadBody, ChangeNotification, LifecycleEvent, items_of, read
from shared.messages import BadMessage, Change, ChangeMessage, read_changes, read_jobs, write_changes

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEY = Key("v", b"the secret of the relay", NOW)
STATES = [sign("w" * 32, KEY, kind, nonce) for kind in get_args(Kind) for nonce in ("", "aB3-_x9Z0q1w")]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
        max_leaves=12
)  # fmt: skip
RESOURCES = st.one_of(
    st.from_regex(r"[Uu]sers[/(']{1,2}[a-z.%/')]{0,12}[Ee]vents[/(']{1,2}[A-Z=%2./+')]{0,12}", fullmatch=True), JSON
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "clientState": st.one_of(st.sampled_from(STATES), JSON),
        "changeType": st.one_of(st.sampled_from(["created", "updated", "deleted"]), JSON), "resource": RESOURCES,
        "resourceData": st.one_of(st.fixed_dictionaries({"id": JSON}), JSON), "tenantId": st.one_of(st.just("t"), JSON),
        "lifecycleEvent": st.one_of(st.sampled_from(["missed", "subscriptionRemoved"]), JSON), "subscriptionId": JSON,
    },
)  # fmt: skip
MOMENTS = st.datetimes(timezones=st.just(UTC))
CHANGES = st.builds(Change, st.text(max_size=40), st.text(max_size=40), st.text(max_size=1_100), st.booleans())


@given(st.binary(max_size=200))
@example(b'{"value":[' + b"9" * 5_000 + b"]}")
def test_any_bytes_are_items_or_a_bad_body(body: bytes) -> None:
    """No other exception is raised."""
    with suppress(BadBody):
        assert isinstance(items_of(body), list)


@given(JSON)
@example({"value": [1]})
def test_any_json_is_items_or_a_bad_body(content: Any) -> None:
    """The body is bad exactly when it has no list named value."""
    body = json.dumps(content).encode()
    if isinstance(content, dict) and isinstance(content.get("value"), list):
        assert items_of(body) == content["value"]
    else:
        with pytest.raises(BadBody):
            items_of(body)


@given(ITEMS)
def test_any_item_is_read_or_not_understood(item: dict[str, Any]) -> None:
    """An understood item has ids that are safe in a path, and a kind that Graph defines."""
    said = read(item)
    if isinstance(said, ChangeNotification):
        assert said.user_id.isascii()
        assert said.event_id.strip(".")
        assert not set(said.event_id + said.user_id) & set("\r\n\0 ?#'\"<>\\")
    elif isinstance(said, LifecycleEvent):
        assert said.kind in ("reauthorizationRequired", "subscriptionRemoved", "missed")


@given(st.lists(st.one_of(ITEMS, JSON), max_size=6))
def test_any_collection_is_accepted_or_bad(items: list[Any]) -> None:
    """Every item is accepted or counted as dropped; an accepted item has the relay's clientState."""
    body = json.dumps({"value": items}).encode()
    try:
        intake = take_in(body, [KEY], "t", NOW)
    except BadBody:
        return
    assert intake.accepted + sum(intake.dropped.values()) == len(items)
    signed = [item for item in items if isinstance(item, dict) and item.get("clientState") in STATES]
    assert intake.accepted <= len(signed)


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=("C", "Z")), min_size=1, max_size=50))
def test_a_token_comes_back_as_it_was(token: str) -> None:
    """However it was encoded."""
    for encoded in (quote(token, safe=""), quote_plus(token)):
        url = f"https://relay.example/api/notifications?code=x&validationToken={encoded}"
        if "<" in token or ">" in token:
            with pytest.raises(BadToken):
                validation_token(url)
        else:
            assert validation_token(url) == token


@given(st.text(max_size=60))
def test_any_query_is_a_token_none_or_bad(query: str) -> None:
    """A returned token is printable and has no markup."""
    try:
        token = validation_token(f"https://relay.example/api/notifications?validationToken={query}")
    except BadToken:
        return
    assert token is None or (token.isprintable() and "<" not in token)


@given(MOMENTS, st.lists(CHANGES, max_size=120), st.integers(0, 1_000), st.text(max_size=32))
def test_messages_lose_nothing_in_splitting(moment: datetime, changes: list[Change], attempt: int, retry: str) -> None:
    """Every message fits on a queue, base64 included."""
    texts = list(write_changes(ChangeMessage(moment, tuple(changes), attempt, retry)))
    parts = [read_changes(text) for text in texts]
    assert [change for part in parts for change in part.changes] == changes
    assert all((part.notified_at, part.attempt, part.retry_token) == (moment, attempt, retry) for part in parts)
    assert all(len(base64.b64encode(text.encode())) <= 64 * 1024 for text in texts)


@given(st.one_of(st.text(max_size=100), JSON.map(json.dumps)))
def test_any_text_is_a_message_or_a_bad_message(text: str) -> None:
    """A queue may hold foreign texts."""
    for reader in (read_changes, read_jobs):
        with suppress(BadMessage):
            reader(text)


def test_the_strategies_generate_valid_input() -> None:
    """A property without valid examples would prove nothing: this item is understood."""
    item = {"changeType": "updated", "resource": "users/u/events/E", "clientState": STATES[0]}
    assert read(item) == ChangeNotification("u", "E", deleted=False)
    assert take_in(json.dumps({"value": [item]}).encode(), [KEY], "t", NOW + timedelta(1)).accepted == 1
