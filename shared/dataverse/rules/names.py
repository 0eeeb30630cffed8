"""Rows 38 to 42: which name is carried over. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shared.dataverse.comparison import Compared, required
from shared.dataverse.titles import name_of


@dataclass(frozen=True, slots=True)
class Names:
    """Whether the event or the booking gets the other's name, and by which row of the table; 0: neither."""

    row: int = 0
    to_event: bool = False
    to_booking: bool = False


def names_of(seen: Compared) -> Names:
    """Decide by the side of birth: its new name is carried over, the other's stays until then."""
    booking, event = required(seen.booking), required(seen.event)
    if seen.is_dv:
        return Names(38, to_event=True) if seen.booking_news.title else Names()
    name = name_of(event, seen.rules.titles)
    is_new = seen.event_news.title or seen.look.is_sweep
    if not is_new or booking.name == name:
        return Names()
    return Names(42 if seen.look.is_sweep else 40, to_booking=True)
