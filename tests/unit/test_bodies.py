"""The scan bounds the number of items before anything is parsed, and is exact for every JSON text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.bodies import (
    MOST_ITEMS,
    MOST_VALUES,
    LoneSurrogate,
    NotJson,
    TooManyItems,
    _commas_in_lists,
    check_items,
    parsed,
    parsed_as_text,
)

TEXTS = st.text(st.sampled_from('",[]{}:\\/u0ø\x00\ud800'), max_size=8)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20,
)  # fmt: skip


def followers(value: Any) -> int:
    """Return how many items of all lists in a value follow another one."""
    if isinstance(value, list):
        return max(0, len(value) - 1) + sum(map(followers, value))
    return sum(map(followers, value.values())) if isinstance(value, dict) else 0


@given(VALUES, st.sampled_from([{}, {"indent": 1}, {"ensure_ascii": False}, {"separators": (",", ":")}]))
@example(["\\", '"', ","], {})
@example(['\\",[', {",": "\\\\"}], {"ensure_ascii": False})
def test_the_scan_counts_what_parsing_finds(value: Any, notation: dict[str, Any]) -> None:
    """Brackets, commas and escapes in texts and names count nothing, whatever the notation."""
    text = json.dumps(value, **notation)
    body = text.encode("utf-8", "surrogatepass")
    assert _commas_in_lists(body) == followers(value)


@given(st.binary(max_size=300) | st.text(st.sampled_from('",[]{}:\\u1 '), max_size=200).map(str.encode))
def test_any_bytes_are_scanned(body: bytes) -> None:
    """Unbalanced brackets and open texts are counted somehow: parsing refuses them."""
    assert 0 <= _commas_in_lists(body) <= len(body)


@pytest.mark.parametrize("item", ["1", "{}", "[]", '""', '{"a": 1, "b": [2]}', '"\\",["'])
def test_the_limit_of_items_is_exact(item: str) -> None:
    """As many items as allowed are parsed, one more is refused, also in a nested list and in several lists."""

    def body(number: int) -> bytes:
        return f'{{"value": [{", ".join([item] * number)}]}}'.encode()

    assert len(parsed(body(MOST_ITEMS))["value"]) == MOST_ITEMS
    halves = b'{"a": [' + body(MOST_ITEMS // 2 + 1) + b'], "b": ' + body(MOST_ITEMS // 2 + 1) + b"}"
    for refused in (body(MOST_ITEMS + 1), b"[[" + body(MOST_ITEMS + 1) + b"]]", halves):
        with pytest.raises(TooManyItems):
            parsed(refused)


def test_texts_full_of_commas_are_no_items() -> None:
    """A description may have many commas."""
    assert parsed(json.dumps({"a": ["," * 100_000, "b"]}).encode())["a"][1] == "b"


@pytest.mark.parametrize("unit", [b"{},", b'{"a":', b'"a":1,', b'"a":{},', b"[", b"[],"])
def test_the_number_of_values_is_limited_in_any_shape(unit: bytes) -> None:
    """Members of objects and nested values are bounded, too, though they are no items of a list."""
    with pytest.raises(TooManyItems):
        check_items(b"{" + unit * (MOST_VALUES + 1))


def test_nothing_is_parsed_above_the_limit() -> None:
    """The error is that of the scan although the text is no JSON."""
    with pytest.raises(TooManyItems):
        parsed(b'{"value":[' + b"1," * MOST_ITEMS + b"x")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"NaN", b'{"a":-Infinity}', b"\xff", b'"\xed\xa0\x80"', b"1" * 5_000, b"[" * 100_000, b"[" * 1_500,
     b'{"a":' * 1_500, b'{"a":[' * 1_500, '{"a":1}'.encode("utf-16")],
)  # fmt: skip
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Also nesting that Python does not parse, numbers that it does not convert, and other encodings."""
    with pytest.raises(NotJson):
        parsed_as_text(body)


def test_a_text_without_a_form_in_utf_8_is_refused_where_texts_are_used() -> None:
    """A pair of escapes is one character; a half is none, in a name, in a list or in a value."""
    assert parsed_as_text(b'["\\ud83d\\ude00", "\\\\ud800"]') == ["\U0001f600", "\\ud800"]
    for body in (b'"\\uD800"', b'{"\\udfff":1}', b'[["\\ude00\\ud83d"]]', b'{"a":"x\\ud83d"}'):
        assert parsed(body) is not None
        with pytest.raises(LoneSurrogate):
            parsed_as_text(body)


@given(VALUES)
def test_every_text_of_a_parsed_body_can_be_encoded(value: Any) -> None:
    """In UTF-8, which responses, tables, queues and URLs use."""
    try:
        content = parsed_as_text(json.dumps(value).encode())
    except LoneSurrogate:
        assert "\ud800" in repr(value) or "\\ud800" in repr(value)
        return
    json.dumps(content, ensure_ascii=False).encode()
