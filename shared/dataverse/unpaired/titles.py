"""Row 42: an event has another name because DATAVERSE_TITLES was changed, not because a person renamed it. Pure."""

from __future__ import annotations

from shared.dataverse.look import Context
from shared.dataverse.prints import shown_by_event
from shared.dataverse.sides import Event
from shared.dataverse.titles import BUSY, SUBJECT
from shared.storage.pairs.pair import Pair


def is_renamed(pair: Pair, event: Event, context: Context) -> bool:
    """Return whether the event has the name that the other value of the setting gave it at the last look."""
    if pair.is_from_dataverse or not pair.event_print:
        return False
    other = BUSY.lower() if context.rules.titles == SUBJECT else SUBJECT
    now, before = (shown_by_event(event, pair.born, titles=each) for each in (context.rules.titles, other))
    is_new = context.prints.news(pair.event_print, now).title
    return is_new and not context.prints.news(pair.event_print, before).title
