"""Claims about the command that runs many deliveries: what it writes, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deliveries.__main__ import DeliveryCampaign, replay
from tests.deliveries.campaign import Failure, kinds_of, quiet, run_plan, shrunk, strategy_of
from tests.deliveries.plan import VERBS, drawn, read
from tests.deliveries.tally import ENOUGH, Tally
from tests.schedules.many import Order, Result, results

ROUNDS = 2


def failure_of(seed: int) -> Failure:
    """Return a run as if it had failed."""
    plan = drawn(seed, ROUNDS)
    with quiet():
        _, trace = run_plan(plan, strategy_of(seed))
    return Failure(seed, ["(a) something"], plan, trace.deviations, trace)


def test_several_processes_run_each_seed_once() -> None:
    """Each result has the counts of a run."""
    order = Order(3, runs=3, length=ROUNDS, tries=0, campaign="tests.deliveries.campaign")
    tally = Tally()
    for each in results(order, 2):
        tally.merge(each.tally)
    assert tally.runs == 3
    assert tally.work["nights"] >= 6


def test_each_failure_is_written_to_a_file_that_is_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command is named; the exit code is 1."""
    failure = failure_of(3)
    assert DeliveryCampaign(ROUNDS, 20, tmp_path).run([Result(Tally(runs=1), failure)]) == 1
    assert f"-m tests.deliveries --replay {tmp_path / '3.txt'}" in capsys.readouterr().out
    assert read((tmp_path / "3.txt").read_text().splitlines()[0]) == failure.plan
    with quiet():
        assert replay(tmp_path / "3.txt") == 0
    assert "no failure" in capsys.readouterr().out


def test_a_verb_below_its_share_fails_when_there_were_enough_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named."""
    for number, code in ((1, 0), (ENOUGH, 1)):
        tally = Tally(runs=1)
        tally.verbs.update(dict.fromkeys(VERBS, number) | {"clock": 0})
        assert DeliveryCampaign(ROUNDS, 20, tmp_path).run([Result(tally, None)]) == code
    assert "below one in a hundred events: clock" in capsys.readouterr().out


def test_the_kind_of_a_failure_has_no_names() -> None:
    """So that shrinking keeps to the failure, and does not depend on which event it is about."""
    texts = [f"(a) the partner lacks an event: E{number} of room{number}@contoso.com" for number in (1, 2)]
    assert len(kinds_of(texts)) == 1


def test_what_does_not_fail_again_is_not_shrunk() -> None:
    """The failure stays as it was seen."""
    failure = failure_of(2)
    with quiet():
        assert shrunk(failure, 3) is failure
