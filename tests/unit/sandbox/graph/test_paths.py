"""The segments of a path, as Graph reads them."""

from __future__ import annotations

import pytest

from sandbox.tenant.graph.routing import segments


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/users/a%2Fb/events", ["users", "a", "b", "events"]), ("/users/a%2fb", ["users", "a", "b"]),
     ("/users/x%2F..%2Fy/events", ["users", "x", "..", "y", "events"]),
     ("/users('a%2Fb')/events", ["users", "a", "b", "events"]),
     ("/users/a%252Fb", ["users", "a%252Fb"]), ("/users/a%5Cb", ["users", "a%5Cb"])],
)  # fmt: skip
def test_an_encoded_slash_ends_a_segment(path: str, expected: list[str]) -> None:
    """In either case of its letters; one that is encoded twice does not, nor does a backslash."""
    assert segments(path) == expected
