"""GET / : the received calendars as a small page without scripts."""

from collections.abc import Iterable
from html import escape
from typing import Any

from sandbox.partner.deliveries import Attempt
from sandbox.partner.receive import Calendars

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
}

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Calendars as the partner has received them</title><style>body{font:15px sans-serif;margin:2em;max-width:70em}
table{border-collapse:collapse;margin-bottom:1.5em}td,th{text-align:left;padding:.2em 1em .2em 0;
vertical-align:top;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
.cancelled{text-decoration:line-through}
.wrong{color:#b00}</style>
<h1>Calendars as the partner has received them</h1>"""


def page(calendars: Calendars, attempts: list[Attempt]) -> str:
    """Return the page: a table for each mailbox, then the last 20 deliveries. All values are escaped."""
    tables = [_calendar(mailbox, events) for mailbox, events in sorted(calendars.mailboxes.items())]
    return "".join([_HEAD, *(tables or ["<p>No delivery yet.</p>"]), _deliveries(attempts)])


def _calendar(mailbox: str, events: dict[str, Any]) -> str:
    """Return the table of one mailbox."""
    rows = [_event(event) for event in sorted(events.values(), key=lambda event: str(event.get("start")))]
    heading = f"<h2>{escape(mailbox)}</h2>"
    columns = ("start", "end", "title", "availability")
    return heading + _table(columns, rows or ["<tr><td>no events</td></tr>"])


def _event(event: dict[str, Any]) -> str:
    """Return the row of one event: a cancelled one struck through, an all-day one with dates only."""
    length = 10 if event.get("allDay") is True else None
    cells = [
        str(event.get("start"))[:length],
        str(event.get("end"))[:length],
        event.get("title"),
        event.get("availability"),
    ]
    return _row(cells, "cancelled" if event.get("cancelled") is True else "")


def _deliveries(attempts: list[Attempt]) -> str:
    """Return the newest 20 attempts, newest first, with their violations."""
    rows = [
        _row(
            [each.receivedAt, each.type, each.mailbox, each.attempt, each.status, *each.violations],
            css_class="wrong" if each.violations else "",
        )
        for each in reversed(attempts[-20:])
    ]
    columns = ("received", "type", "mailbox", "attempt", "answered", "violations")
    return f"<h2>Deliveries ({len(attempts)})</h2>" + _table(columns, rows)


def _table(columns: Iterable[str], rows: list[str]) -> str:
    """Return a table of rows that are already HTML."""
    return f"<table><tr>{''.join(f'<th>{name}</th>' for name in columns)}</tr>{''.join(rows)}</table>"


def _row(cells: list[Any], css_class: str) -> str:
    """Return a row of values that are not HTML yet."""
    texts = ("" if cell is None else escape(str(cell)) for cell in cells)
    return f'<tr class="{css_class}">{"".join(f"<td>{text}</td>" for text in texts)}</tr>'
