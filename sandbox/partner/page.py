"""GET / : the picture as one small page that needs no script."""

from collections.abc import Iterable
from html import escape
from typing import Any

from sandbox.partner.deliveries import Attempt
from sandbox.partner.picture import Picture

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
}

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Calendars as the partner knows them</title><style>body{font:15px sans-serif;margin:2em;max-width:70em}
table{border-collapse:collapse;margin-bottom:1.5em}td,th{text-align:left;padding:.2em 1em .2em 0;
vertical-align:top;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
.cancelled{text-decoration:line-through}
.wrong{color:#b00}</style>
<h1>Calendars as the partner knows them</h1>"""


def page(picture: Picture, attempts: list[Attempt]) -> str:
    """Write the page: a table for each mailbox, then the last 20 deliveries. All values are escaped."""
    calendars = [_calendar(mailbox, events) for mailbox, events in sorted(picture.mailboxes.items())]
    return "".join([_HEAD, *(calendars or ["<p>Nothing was delivered yet.</p>"]), _deliveries(attempts)])


def _calendar(mailbox: str, events: dict[str, Any]) -> str:
    """Write one mailbox."""
    rows = [_event(event) for event in sorted(events.values(), key=lambda event: str(event.get("start")))]
    heading = f"<h2>{escape(mailbox)}</h2>"
    columns = ("start", "end", "title", "availability")
    return heading + _table(columns, rows or ["<tr><td>no events</td></tr>"])


def _event(event: dict[str, Any]) -> str:
    """Write one event; a cancelled one is struck through, an all-day one shows its date only."""
    length = 10 if event.get("allDay") is True else None
    cells = [
        str(event.get("start"))[:length],
        str(event.get("end"))[:length],
        event.get("title"),
        event.get("availability"),
    ]
    return _row(cells, "cancelled" if event.get("cancelled") is True else "")


def _deliveries(attempts: list[Attempt]) -> str:
    """Write the newest 20 attempts, newest first, with what broke the contract."""
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
    """Write a table of rows that are HTML already."""
    return f"<table><tr>{''.join(f'<th>{name}</th>' for name in columns)}</tr>{''.join(rows)}</table>"


def _row(cells: list[Any], css_class: str) -> str:
    """Write a row of values that are not HTML yet."""
    texts = ("" if cell is None else escape(str(cell)) for cell in cells)
    return f'<tr class="{css_class}">{"".join(f"<td>{text}</td>" for text in texts)}</tr>'
