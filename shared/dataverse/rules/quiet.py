"""Rows 33 to 35, 39, 41, 44, 50 and 60: what is seen, noted and not written. Pure."""

from __future__ import annotations

from shared.dataverse.comparison import Compared, required
from shared.dataverse.prints import event_status
from shared.dataverse.titles import name_of, subject_of


def quiet_row(seen: Compared) -> int:
    """Return the row of a pair of which nothing is written, the first by its number."""
    rows = _rows_dv(seen) if seen.is_dv else _rows_ol(seen)
    return next((row for row, applies in rows if applies), 60)


def _rows_dv(seen: Compared) -> list[tuple[int, bool]]:
    booking, event = required(seen.booking), required(seen.event)
    return [
        (33, seen.event_news.status and not seen.was_gone),
        (39, event.subject != subject_of(booking)),
        (50, seen.look.has_tagged),
    ]


def _rows_ol(seen: Compared) -> list[tuple[int, bool]]:
    booking, event = required(seen.booking), required(seen.event)
    stored = required(seen.pair).event_print
    alone = [event_status(each, is_others=False, usable=True) for each in seen.rules.show_as]
    had_none = seen.prints.had_status(stored, *alone)
    return [
        (34, seen.booking_news.status),
        (35, seen.event_news.status and event.is_others != had_none),
        (41, booking.name != name_of(event, seen.rules.titles)),
        (44, seen.event_news.status),
    ]
