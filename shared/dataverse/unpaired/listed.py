"""Which events of a list have no pair, although they stand for bookings. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from shared.dataverse.look import Rules
from shared.dataverse.reading.events import event_of
from shared.dataverse.sides import Event
from shared.dataverse.unpaired.derived import becomes_booking


def without_pair(
    events: Iterable[Mapping[str, Any]], named: Collection[str], rules: Rules, now: datetime
) -> list[Event]:
    """Return the events of a calendar view that become bookings. `named`: the ids of the events of pairs.

    An event with a mark is none: it was made for a booking, or is a copy of one that was.
    """
    shown = (event_of(each) for each in events if str(each["id"]) not in named)
    return [each for each in shown if not each.mark and becomes_booking(each, rules, now)]
