"""Claims about the command that runs many schedules: its seeds, its processes, what it writes, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.schedules.__main__ import STOPPED, Campaign, replay
from tests.schedules.campaign import Failure, Length, quiet, run_plan, run_seed, shrunk, strategy_of
from tests.schedules.history import kind_of
from tests.schedules.many import Order, Result, amount, results
from tests.schedules.plan import drawn
from tests.schedules.tally import ENOUGH, VERBS, Tally

SHORT = Length(0.5, 2)


def failure_of(seed: int) -> Failure:
    """Return a run as if it had failed."""
    plan = drawn(seed, SHORT.days, SHORT.rounds)
    with quiet():
        _, trace = run_plan(plan, strategy_of(seed))
    return Failure(seed, ["rest: something"], plan, trace.deviations, trace)


@pytest.mark.parametrize(
    ("text", "wanted"), [("500", (500, None)), ("90s", (None, 90)), ("30m", (None, 1800)), ("2h", (None, 7200))]
)
def test_the_amount_is_a_number_of_runs_or_a_time(text: str, wanted: tuple[int | None, float | None]) -> None:
    """In seconds, minutes or hours."""
    assert amount(text) == wanted


@pytest.mark.parametrize("text", ["", "2d", "h", "-1", "1.5h"])
def test_another_amount_is_an_error(text: str) -> None:
    """Which names what is expected."""
    with pytest.raises(ValueError, match="30m or 2h"):
        amount(text)


def test_several_processes_run_each_seed_once() -> None:
    """Their counts together are those of one process."""
    one, both = Tally(), Tally()
    with quiet():
        for seed in range(7, 10):
            run_seed(seed, SHORT, one)
    for each in results(Order(7, runs=3, length=SHORT, tries=0), 2):
        both.merge(each.tally)
    assert str(both) == str(one)


def test_no_run_begins_when_the_time_is_over() -> None:
    """Processes that have begun end."""
    assert list(results(Order(1, seconds=0.0, length=SHORT), 1)) == []


def test_each_failure_is_written_to_a_file_that_is_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command is named; the exit code is 1."""
    assert Campaign(SHORT, 20, tmp_path).run([Result(Tally(runs=1), failure_of(3))]) == 1
    path = tmp_path / "3.txt"
    written = capsys.readouterr().out
    assert f"--replay {path}" in written
    assert "1 failures in 1 runs" in written
    with quiet():
        assert replay(path) == 0
    assert "no failure" in capsys.readouterr().out


def test_after_too_many_failures_no_further_run_is_awaited(tmp_path: Path) -> None:
    """Each is written."""
    found = (Result(Tally(runs=1), failure_of(seed)) for seed in range(1, 9))
    assert Campaign(SHORT, 2, tmp_path).run(found) == 1
    assert {each.name for each in tmp_path.iterdir()} == {"1.txt", "2.txt"}


def test_ctrl_c_ends_with_the_counts_so_far(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And with the exit code of a shell."""

    def interrupted() -> Iterator[Result]:
        yield Result(Tally(runs=3, points=70), None)
        raise KeyboardInterrupt

    assert Campaign(SHORT, 20, tmp_path).run(interrupted()) == STOPPED
    assert "3 runs, 70 points" in capsys.readouterr().out


def test_a_verb_below_its_share_fails_when_there_were_enough_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named."""
    for number, code in ((1, 0), (ENOUGH, 1)):
        tally = Tally(runs=1)
        tally.verbs.update(dict.fromkeys(VERBS, number) | {"leak": 0})
        assert Campaign(SHORT, 20, tmp_path).run([Result(tally, None)]) == code
    assert "below one in a hundred events: leak" in capsys.readouterr().out


def test_counts_of_processes_are_added() -> None:
    """The longest time of each cause is kept."""
    one, other = Tally(runs=1, points=2), Tally(runs=2, points=3)
    one.longest["expired"] = (timedelta(hours=1), "a")
    other.longest["expired"] = (timedelta(hours=2), "b")
    other.deletions["twin"] = 4
    one.merge(other)
    assert (one.runs, one.points, one.deletions["twin"], one.longest["expired"][1]) == (3, 5, 4, "b")


def test_the_kind_of_a_failure_has_no_names() -> None:
    """So that shrinking keeps to the failure, and does not depend on which mailbox it is about."""
    assert kind_of("DELETE (twin) by a of s-1, the only one of room1@contoso.com") == "DELETE (twin) the only one"
    first, second = (f"rest: room{number}@contoso.com is wanted, and has no row" for number in (1, 2))
    assert kind_of(first) == kind_of(second)


def test_what_does_not_fail_again_is_not_shrunk() -> None:
    """The failure stays as it was seen."""
    failure = failure_of(2)
    with quiet():
        assert shrunk(failure, 3) is failure
