"""Reading events: the path of the call and the selected properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from shared.graph.client import GraphClient
from shared.graph.events import Events


class Recorder(GraphClient):
    """A client that records its calls and returns the same event."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Record a call."""
        self.calls.append({"method": method, "path": path, **options})
        return {"id": "e"}

    def pages(
        self,
        path: str,
        params: Mapping[str, str],
        prefer: str | None = None,
        read: Callable[[Callable[[], dict[str, Any]]], dict[str, Any]] = lambda page: page(),  # noqa: ARG002
        most: int = 10_000,  # noqa: ARG002
        seconds: float = 0.0,  # noqa: ARG002
    ) -> Iterator[dict[str, Any]]:
        """Record a paged call."""
        self.calls.append({"path": path, "params": params, "prefer": prefer})
        return iter(())


def test_an_event_is_read_with_few_properties_in_utc_and_by_its_immutable_id() -> None:
    """Body, attendees and attachments are not requested."""
    graph = Recorder()
    Events(graph).get("room1@contoso.com", "E1")
    selected = graph.calls[0]["params"]["$select"].split(",")
    assert set(selected) == {"id", "subject", "start", "end", "isAllDay", "showAs", "sensitivity", "isCancelled",
                             "type", "seriesMasterId"}  # fmt: skip
    assert graph.calls[0]["prefer"] == 'IdType="ImmutableId", outlook.timezone="UTC"'


def test_ids_are_encoded_into_the_path() -> None:
    """An id with slashes, plus or percent signs is a single segment of the path."""
    graph = Recorder()
    Events(graph).get("o'brien+x@contoso.com", "A/b+c=%2F?d#e")
    assert graph.calls[0]["path"] == "/users/o%27brien%2Bx@contoso.com/events/A%2Fb%2Bc%3D%252F%3Fd%23e"


def test_instances_are_requested_between_two_utc_times() -> None:
    """A window in another zone is converted."""
    graph, zone = Recorder(), timezone(timedelta(hours=2))
    start = datetime(2026, 11, 20, 1, tzinfo=zone)
    list(Events(graph).instances("r@contoso.com", "M", start, datetime(2026, 11, 21, tzinfo=UTC)))
    assert graph.calls[0]["path"] == "/users/r@contoso.com/events/M/instances"
    assert graph.calls[0]["params"]["startDateTime"] == "2026-11-19T23:00:00Z"
    assert graph.calls[0]["params"]["endDateTime"] == "2026-11-21T00:00:00Z"


def test_the_view_also_says_when_events_were_changed() -> None:
    """A resync compares that with the notifications; no other property is added."""
    graph = Recorder()
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    list(Events(graph).calendar_view("r@contoso.com", moment, moment))
    list(Events(graph).instances("r@contoso.com", "M", moment, moment))
    view, instances = (call["params"]["$select"] for call in graph.calls)
    assert view == f"{instances},lastModifiedDateTime"
