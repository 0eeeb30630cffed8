"""Keep titles in the tenant that a feature has written into calendars, whoever reads these for the partner.

The feature marks its events with an extended property, which a reading returns only if it is expanded. ("Get
singleValueLegacyExtendedProperty")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Protocol

from shared.errors import GraphError, GraphRejected

BUSY = "Busy"  # in place of a title that stays

Event = dict[str, Any]


class TitlePolicy(Protocol):
    """What a feature says of titles in the mailboxes that it holds. Methods read no storage and raise nothing."""

    def expand(self, mailbox: str) -> str:
        """Return what a reading of a mailbox has to expand, so that `stays` can decide; "" if the feature does not hold
        the mailbox. `mailbox`: an address or an object id.
        """

    def stays(self, event: Mapping[str, Any]) -> bool:
        """Return whether the title of an event stays in the tenant. The event was read with what `expand` returned."""


@dataclass(frozen=True)
class TitleFilter:
    """Reads events so that the policies can decide. Where Graph refuses to expand, every title of the answer stays."""

    policies: Callable[[], Sequence[TitlePolicy]] = tuple

    def read(self, mailbox: str, call: Callable[[dict[str, str]], dict[str, Any]]) -> dict[str, Any]:
        """Return the answer of a call: an event, or a page of events. `call` takes further query parameters."""
        parameters = self._parameters(mailbox)
        if not parameters:
            return call({})
        try:
            answer = call(parameters)
        except GraphRejected:
            return _with_events(call({}), _without_title)
        return _with_events(answer, self._filtered)

    def written(self, mailbox: str, answer: Event, call: Callable[[dict[str, str]], Event]) -> Event:
        """Return the answer to a write, which expands nothing, with the title that a reading shows. `call` reads it."""
        if not self._parameters(mailbox):
            return answer
        try:
            return answer | {"subject": self.read(mailbox, call).get("subject")}
        except GraphError:
            return _without_title(answer)

    def each(self, mailbox: str, pages: Callable[[dict[str, str]], Iterator[Event]]) -> Iterator[Event]:
        """Yield the events of a list. `pages` takes further query parameters."""
        parameters = self._parameters(mailbox)
        return self._each(parameters, pages) if parameters else pages({})

    def _each(self, parameters: dict[str, str], pages: Callable[[dict[str, str]], Iterator[Event]]) -> Iterator[Event]:
        events = pages(parameters)
        try:
            first = list(islice(events, 1))
        except GraphRejected:
            yield from map(_without_title, pages({}))
        else:
            yield from map(self._filtered, chain(first, events))

    def _parameters(self, mailbox: str) -> dict[str, str]:
        expanded = [text for policy in self.policies() if (text := policy.expand(mailbox))]
        return {"$expand": ",".join(expanded)} if expanded else {}

    def _filtered(self, event: Event) -> Event:
        return _without_title(event) if any(policy.stays(event) for policy in self.policies()) else event


def _without_title(event: Event) -> Event:
    return event | {"subject": BUSY} if "subject" in event else event


def _with_events(answer: dict[str, Any], change: Callable[[Event], Event]) -> dict[str, Any]:
    events = answer.get("value")
    if isinstance(events, list):
        return answer | {"value": [change(event) if isinstance(event, dict) else event for event in events]}
    return change(answer)
