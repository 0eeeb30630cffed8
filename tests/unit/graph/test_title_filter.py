"""A title that a feature has written into a calendar does not leave the tenant, whoever reads for the partner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.errors import GraphRejected, GraphUnavailable
from shared.graph.titles.title_filter import TitleFilter

HELD, OTHER = "held@contoso.com", "other@contoso.com"
MARKED = {"subject": "A customer's visit", "singleValueExtendedProperties": [{"id": "mark", "value": "x"}]}
PLAIN = {"subject": "Ola Nordmann"}


class Policy:
    """Holds one mailbox; titles of marked events stay."""

    def expand(self, mailbox: str) -> str:
        """Return what to expand."""
        return "singleValueExtendedProperties($filter=id eq 'mark')" if mailbox == HELD else ""

    def stays(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event is marked."""
        return "singleValueExtendedProperties" in event


class Graph:
    """Answers calls; refuses to expand if it is `strict`."""

    def __init__(self, *events: dict[str, Any], strict: bool = False) -> None:
        self.events = events
        self.strict = strict
        self.expanded: list[str] = []

    def call(self, more: dict[str, str]) -> dict[str, Any]:
        """Answer with the only event."""
        return next(self.pages(more))

    def page(self, more: dict[str, str]) -> dict[str, Any]:
        """Answer with a page."""
        return {"value": list(self.pages(more)), "@odata.nextLink": "x"}

    def pages(self, more: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Answer with all events."""
        self.expanded.append(more.get("$expand", ""))
        if self.strict and more:
            raise GraphRejected(400, "ErrorInvalidUrlQuery")
        for event in self.events:
            yield event if more else {"subject": event["subject"]}


@pytest.fixture
def titles() -> TitleFilter:
    """Return the filter of the policy."""
    return TitleFilter(lambda: [Policy()])


def subjects(titles: TitleFilter, graph: Graph, mailbox: str) -> list[str]:
    """Return the titles of every event, read as a list; of a page and of one event they are the same."""
    of_list = [event["subject"] for event in titles.each(mailbox, graph.pages)]
    assert [event["subject"] for event in titles.read(mailbox, graph.page)["value"]] == of_list
    assert titles.read(mailbox, graph.call)["subject"] == of_list[0]
    return of_list


def test_the_title_of_a_marked_event_stays(titles: TitleFilter) -> None:
    """Those of other events leave as ever."""
    assert subjects(titles, Graph(MARKED, PLAIN), HELD) == ["Busy", "Ola Nordmann"]


@pytest.mark.parametrize("mailbox", [HELD, OTHER])
def test_the_answer_to_a_write_shows_what_a_reading_shows(titles: TitleFilter, mailbox: str) -> None:
    """Graph returns the whole event, whatever was changed."""
    graph = Graph(MARKED)
    shown = titles.written(mailbox, {"id": "E", "subject": MARKED["subject"]}, graph.call)
    assert shown == {"id": "E", "subject": "Busy" if mailbox == HELD else MARKED["subject"]}
    assert len(graph.expanded) == (mailbox == HELD)


def test_the_answer_to_a_write_has_no_title_while_the_event_is_unreadable(titles: TitleFilter) -> None:
    """What is not known does not leave."""

    def down(_: dict[str, str]) -> dict[str, Any]:
        raise GraphUnavailable(503, "")

    assert titles.written(HELD, {"subject": "A customer's visit"}, down) == {"subject": "Busy"}


def test_another_mailbox_is_read_as_before(titles: TitleFilter) -> None:
    """Nothing is expanded."""
    graph = Graph(PLAIN)
    assert subjects(titles, graph, OTHER) == ["Ola Nordmann"]
    assert set(graph.expanded) == {""}


def test_where_graph_refuses_to_expand_every_title_stays(titles: TitleFilter) -> None:
    """What is not known does not leave."""
    assert subjects(titles, Graph(PLAIN, MARKED, strict=True), HELD) == ["Busy", "Busy"]


def test_another_error_is_the_callers(titles: TitleFilter) -> None:
    """A reading without the expansion would be refused for the same reason."""
    graph = Graph(PLAIN, strict=True)
    with pytest.raises(GraphRejected):
        titles.read(OTHER, lambda _: graph.call({"$expand": "x"}))


def test_without_a_policy_nothing_changes() -> None:
    """Most installations have none."""
    graph = Graph(PLAIN)
    assert [event["subject"] for event in TitleFilter().each(HELD, graph.pages)] == ["Ola Nordmann"]
    assert graph.expanded == [""]
