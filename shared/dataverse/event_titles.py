"""Keeps the names of bookings in the tenant: an event with a mark has no title for the partner (DATAVERSE_TITLES)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.dataverse.titles import SUBJECT
from shared.graph.marked_events.events import EXPAND, mark_in


@dataclass(frozen=True)
class EventTitles:
    """Implements TitlePolicy. `titles`: DATAVERSE_TITLES.

    Every mailbox is read with the mark while the feature is on: an event with a mark can be copied or restored in a
    mailbox that is followed no longer, and nothing has to be known of any.
    """

    titles: Callable[[], str]

    def expand(self, mailbox: str) -> str:  # noqa: ARG002  (the answer is the same for all)
        """Return the mark's $expand."""
        return EXPAND

    def stays(self, event: Mapping[str, Any]) -> bool:
        """Return whether the title of an event stays here: that of every event with a mark, also another's."""
        return bool(mark_in(event)) and self.titles() != SUBJECT
