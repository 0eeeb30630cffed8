"""Split the text of a query into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_TOKENS = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<raw>@'(?:[^']|'')*'|@"(?:[^"]|"")*")
      | (?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
      | (?P<span>\d+(?:\.\d+)?(?:ms|d|h|m|s)\b)
      | (?P<number>\d+(?:\.\d+(?:e\d+)?|e\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>\.\.|==|!=|>=|<=|=~|!~|[|()\[\],;=<>+*/-])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A token: a value (text, number, timespan), a name or a sign."""

    kind: str
    value: object


class KqlError(ValueError):
    """A query is not in the subset."""


def tokens_of(query: str) -> list[Token]:
    """Return the tokens. Raises KqlError for an unknown character."""
    tokens, position = [], 0
    while position < len(query):
        match = _TOKENS.match(query, position)
        if match is None:
            raise KqlError(f"unknown character {query[position]!r} at {position}")
        position = match.end()
        if match.lastgroup != "space":
            tokens.append(_token(match.lastgroup or "", match[0]))
    return [*tokens, Token("end", "")]


def _token(kind: str, text: str) -> Token:
    if kind == "raw":
        return Token("value", text[2:-1].replace(text[1] * 2, text[1]))
    if kind == "text":
        return Token("value", re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1]))
    if kind == "span":
        number = text.rstrip("dhms")
        return Token("value", timedelta(seconds=float(number) * UNITS[text.removeprefix(number)]))
    if kind == "number":
        return Token("value", int(text) if text.isdigit() else float(text))
    return Token(kind, text)
