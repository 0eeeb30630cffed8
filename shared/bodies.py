"""Parse JSON text from outside the relay, after a scan that bounds the work. Pure.

A body within the limit of bytes can still hold millions of values: 4 MiB of `1,1,1` are 2,000,000 items, whose parsing
and handling take more than a second. The scan counts them before anything is parsed, at the speed of `bytes.count`.
"""

from __future__ import annotations

import json
import re
from typing import Any

MOST_ITEMS = 5_000  # of all lists of a body; 4 MiB hold about as many notifications of Graph
MOST_VALUES = 25 * MOST_ITEMS  # with the members of objects; a notification has about 12
_LIST, _OPENING = ord("["), (b"[", b"{")
_BRACKET_OR_END = re.compile(rb"[][{}]|\Z")
_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{},:"'))
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """The body is not JSON in UTF-8, or nested more deeply than Python parses. The text quotes nothing of it."""


class LoneSurrogate(ValueError):
    r"""A text of the body is not Unicode, for instance `"\ud800"`. ("RFC 8259, section 8.2")

    Names the member of the outermost object that has it.
    """

    def __init__(self, content: Any) -> None:
        members = content if isinstance(content, dict) else {}
        name = next((name for name, value in members.items() if _has_surrogate({name: value})), "body")
        super().__init__(f"{name[:60]}: has one half of a surrogate pair, such as \\ud800")


class TooManyItems(ValueError):
    """The body has more items or values than any valid call."""

    def __init__(self) -> None:
        super().__init__(f"The limit is {MOST_ITEMS} items in lists, and {MOST_VALUES} values in all.")


def parsed(body: bytes) -> Any:
    """Return the value of a JSON text, after the scan. Raises TooManyItems or NotJson.

    NaN and Infinity are no JSON. Of a repeated name the last value counts. A text may contain lone surrogates.
    """
    check_items(body)
    try:
        return _decoder.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # also an integer of more digits than Python converts
        raise NotJson("the body is not JSON in UTF-8") from None


def parsed_as_text(body: bytes) -> Any:
    """Return the value like `parsed`, but raise LoneSurrogate for a text that UTF-8 has no form for.

    Such a text could be neither returned, sent nor stored.
    """
    content = parsed(body)
    if b"\\u" in body:  # there is no other notation: decoding refuses the surrogate itself
        try:
            if _has_surrogate(content):
                raise LoneSurrogate(content)
        except RecursionError:
            raise NotJson("the body is nested too deeply") from None
    return content


def _has_surrogate(content: Any) -> bool:
    return _SURROGATE.search(json.dumps(content, ensure_ascii=False)) is not None


def check_items(body: bytes) -> None:
    """Raise TooManyItems if a JSON text has more than MOST_ITEMS items or MOST_VALUES values. Parses nothing.

    Every value but the first follows a comma or an opening bracket. Those within texts count as well, so the number is
    too high rather than too low; only a body with MOST_ITEMS commas is looked at more closely.
    """
    commas = body.count(b",")
    values = commas + body.count(b"[") + body.count(b"{")
    if values > MOST_VALUES or (commas >= MOST_ITEMS and _commas_in_lists(body) >= MOST_ITEMS):
        raise TooManyItems


def _commas_in_lists(body: bytes) -> int:
    """Return how many items follow another one in their list; from MOST_ITEMS on, at least that many."""
    structure = _structure(body)
    commas, position, open_brackets = 0, 0, bytearray()
    for bracket in _BRACKET_OR_END.finditer(structure):
        if open_brackets and open_brackets[-1] == _LIST:
            commas += structure.count(b",", position, bracket.start())
        if commas >= MOST_ITEMS:
            break
        position, kind = bracket.start(), bracket[0]
        if kind in _OPENING:
            open_brackets += kind
        elif open_brackets:
            open_brackets.pop()
    return commas


def _structure(body: bytes) -> bytes:
    """Return the brackets, commas and colons outside of texts.

    The escaped backslash and quotation mark go first. Then most texts are empty, and go as pairs of quotation marks:
    between two texts there is always a comma, a colon or a bracket.
    """
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    return b"".join(unescaped.translate(None, _NO_STRUCTURE).replace(b'""', b"").split(b'"')[::2])


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse)
