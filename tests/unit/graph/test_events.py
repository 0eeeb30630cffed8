"""Claims about reading events: where the call goes, what it asks for, and nothing more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from shared.graph.events import Events

CALL = dict[str, Any]


class Recorder:
    """Stands for the Graph client and notes what it was asked."""

    def __init__(self) -> None:
        self.calls: list[CALL] = []

    def call(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        """Note a call."""
        self.calls.append({"method": method, "path": path, **given})
        return {"id": "e"}

    def pages(self, path: str, params: dict[str, str], prefer: str | None = None) -> list[dict[str, Any]]:
        """Note a paged call."""
        self.calls.append({"path": path, "params": params, "prefer": prefer})
        return []


def test_an_event_is_read_with_few_properties_in_utc_and_by_its_immutable_id() -> None:
    """Body, attendees and attachments never enter the relay's memory."""
    graph = Recorder()
    Events(graph).get("room1@contoso.com", "E1")  # type: ignore[arg-type]  # a fake
    asked = graph.calls[0]["params"]["$select"].split(",")
    assert set(asked) == {"id", "subject", "start", "end", "isAllDay", "showAs", "sensitivity", "isCancelled", "type",
                          "seriesMasterId"}  # fmt: skip
    assert graph.calls[0]["prefer"] == 'IdType="ImmutableId", outlook.timezone="UTC"'


def test_ids_are_encoded_into_the_path() -> None:
    """An id with slashes, plus or percent signs stays one step of the path."""
    graph = Recorder()
    Events(graph).get("o'brien+x@contoso.com", "A/b+c=%2F?d#e")  # type: ignore[arg-type]  # a fake
    assert graph.calls[0]["path"] == "/users/o%27brien%2Bx@contoso.com/events/A%2Fb%2Bc%3D%252F%3Fd%23e"


def test_instances_are_asked_for_between_two_utc_moments() -> None:
    """A window given in another zone is the same window."""
    graph, zone = Recorder(), timezone(timedelta(hours=2))
    start = datetime(2026, 11, 20, 1, tzinfo=zone)
    list(Events(graph).instances("r@contoso.com", "M", start, datetime(2026, 11, 21, tzinfo=UTC)))  # type: ignore[arg-type]
    assert graph.calls[0]["path"] == "/users/r@contoso.com/events/M/instances"
    assert graph.calls[0]["params"]["startDateTime"] == "2026-11-19T23:00:00Z"
    assert graph.calls[0]["params"]["endDateTime"] == "2026-11-21T00:00:00Z"
