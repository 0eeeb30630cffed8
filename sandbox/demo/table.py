"""The table that the demo prints: one line for each change, when the partner has it."""

import sys
import unicodedata
from datetime import datetime
from typing import Any

COLUMNS = (8, 7, 16, 22, 11, 34, 7)
HEADS = ("time", "room", "change", "start - end (UTC)", "shown as", "title at the partner", "after")


def head() -> None:
    """Print the heading."""
    _line(HEADS)
    _line(tuple("-" * width for width in COLUMNS))


def row(mailbox: str, what: str, event: dict[str, Any] | None, seconds: float | None) -> None:
    """Print one change; `event` is what the partner has (None: nothing), `seconds` how long it took (None: never)."""
    after = "NEVER" if seconds is None else f"{seconds:.1f} s"
    cells = ("", "", "(deleted)") if event is None else (_span(event), _shown(event), event["title"])
    _line((f"{datetime.now():%H:%M:%S}", mailbox.partition("@")[0], what, *cells, after))  # noqa: DTZ005 (for eyes)


def _span(event: dict[str, Any]) -> str:
    start, end = (datetime.fromisoformat(event[name]) for name in ("start", "end"))
    if event["allDay"]:
        return f"{start:%a %d %b}, all day"
    return f"{start:%a %d %b %H:%M}-{end:%H:%M}"


def _shown(event: dict[str, Any]) -> str:
    return "cancelled" if event["cancelled"] else str(event["availability"])


def _line(cells: tuple[str, ...]) -> None:
    text = "  ".join(_fitted(cell, width) for cell, width in zip(cells, COLUMNS, strict=True))
    print(text.rstrip(), file=sys.stdout, flush=True)


def _fitted(text: str, width: int) -> str:
    """Cut or pad a text to a width in terminal columns; wide characters take two."""
    fitted, used = "", 0
    for character in text:
        columns = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used + columns > width - (len(text) > width):
            fitted, used = fitted + "…", used + 1
            break
        fitted, used = fitted + character, used + columns
    return fitted + " " * (width - used)
