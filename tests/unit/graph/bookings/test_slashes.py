"""An id with a slash reaches Bookings, whether Graph takes an escaped slash for the end of a step or not."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import GraphNotFound, GraphRejected
from shared.graph.bookings.client import BookingsClient
from shared.graph.client import GraphClient

ROOT = "/solutions/bookingBusinesses/b@contoso.com/appointments"
ESCAPED, OTHER = f"{ROOT}/A%2FB%2BC%3D", f"{ROOT}/A-B_C%3D"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).isoformat()
APPOINTMENT = {
    "id": "A/B+C=", "serviceId": "s", "startDateTime": {"dateTime": NOON, "timeZone": "UTC"},
    "endDateTime": {"dateTime": NOON, "timeZone": "UTC"}, "staffMemberIds": [], "customers": [],
}  # fmt: skip


class ReadingGraph(GraphClient):
    """Answers each path with what is given for it."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(lambda: "https://graph.microsoft.com/v1.0", lambda **_: "token", lambda: pytest.fail("a call"))
        self.answers, self.paths = answers, list[str]()

    def call(self, method: str, path: str, **_: Any) -> dict[str, Any]:
        """Return the answer, or raise it."""
        assert method == "GET"
        self.paths.append(path)
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        found: dict[str, Any] = answer
        return found


def read(answers: dict[str, Any], appointment: str = "A/B+C=") -> tuple[object, list[str]]:
    """Return the id that is read, or the error; and the paths that were asked for."""
    graph = ReadingGraph(answers)
    client = BookingsClient(graph, lambda _: nullcontext())
    try:
        return client.appointment("b@contoso.com", appointment).id, graph.paths
    except (GraphRejected, GraphNotFound) as error:
        return error, graph.paths


def test_an_escaped_slash_is_sent_first() -> None:
    """A Graph that reads it as a part of the id is not asked again, whatever it answers but 400."""
    assert read({ESCAPED: APPOINTMENT}) == ("A/B+C=", [ESCAPED])
    missing = GraphNotFound(404, "ErrorItemNotFound")
    assert read({ESCAPED: missing}) == (missing, [ESCAPED])


def test_the_letters_of_outlooks_ids_follow() -> None:
    """After "Resource not found for the segment"."""
    assert read({ESCAPED: GraphRejected(400, "BadRequest"), OTHER: APPOINTMENT}) == ("A/B+C=", [ESCAPED, OTHER])


def test_what_is_not_found_by_other_letters_is_not_gone() -> None:
    """404 by a spelling that Graph may not know proves nothing: the first answer stands until an id was found so."""
    refusal = GraphRejected(400, "BadRequest")
    missing = GraphNotFound(404, "ErrorItemNotFound")
    assert read({ESCAPED: refusal, OTHER: missing}) == (refusal, [ESCAPED, OTHER])
    graph = ReadingGraph({ESCAPED: refusal, OTHER: APPOINTMENT})
    client = BookingsClient(graph, lambda _: nullcontext())
    assert client.appointment("b@contoso.com", "A/B+C=").id == "A/B+C="
    graph.answers[OTHER] = missing
    with pytest.raises(GraphNotFound):
        client.appointment("b@contoso.com", "A/B+C=")


def test_an_id_without_a_slash_is_called_once() -> None:
    """Its 400 is about something else."""
    refusal = GraphRejected(400, "BadRequest")
    assert read({f"{ROOT}/A%2BC": refusal}, "A+C") == (refusal, [f"{ROOT}/A%2BC"])
