"""A short chaos run: `make chaos` for a few seconds instead of ten minutes."""

from pathlib import Path

import pytest

from tests.chaos.report import lines
from tests.chaos.run import Plan, play

PLAN = Plan(seed=20, changes=300, rooms=10, kills=10, seconds=16.0, longest=60.0, limit=1_000.0, quick=True)


@pytest.mark.long
def test_kills_and_faults_lose_nothing_and_leak_nothing(tmp_path: Path) -> None:
    """After ten kills and every quick fault, each accepted change is delivered and no canary is stored or logged."""
    outcome = play(PLAN, tmp_path / "chaos")
    print("\n".join(lines(outcome)))  # noqa: T201 (shown when it fails)
    assert outcome.problems == []
    assert outcome.account.accepted == len(outcome.account.delivered) > 40
    assert sum(outcome.kills.values()) >= 8
    assert min(outcome.searched.values()) > 1000, "every place was searched"
