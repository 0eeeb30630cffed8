"""docs/sandbox-behaviours.md has a row for each behaviour of the sandbox, with the tests of the relay that play it."""

from __future__ import annotations

import re

from sandbox.process import ROOT
from sandbox.tenant.graph.behaviours import BEHAVIOURS

PAGE = (ROOT / "docs" / "sandbox-behaviours.md").read_text()
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if "| `tests/" in line]


def test_each_behaviour_has_a_row() -> None:
    """By its name, and no row is about another."""
    assert sorted(row[0] for row in ROWS) == sorted(BEHAVIOURS)
    assert all(len(row) == 4 for row in ROWS)


def test_each_behaviour_is_played_by_a_test() -> None:
    """By its name, and the test of the row exists."""
    texts = [path.read_text() for path in (ROOT / "tests" / "unit").rglob("test_*.py")]
    assert [name for name in BEHAVIOURS if not any(name in text for text in texts)] == []
    for *_, tests in ROWS:
        [path] = re.findall(r"`([^`]+)`", tests)
        assert (ROOT / path).is_file(), path
