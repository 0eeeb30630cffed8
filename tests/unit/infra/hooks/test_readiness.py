"""The wait for an app, on a scripted clock: one deadline, lines in between, and a name that does not exist yet."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tools.deployment.readiness import DEADLINE, Readiness
from tools.deployment.routes import Answer

GOOD, COLD = Answer("200", ok=True), Answer("503")
UNKNOWN = Answer("no such name", refusal="name")


class Clock:
    """Time that passes by sleeping and by calls."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class App:
    """An app whose answers are listed by round; the last repeats. A round takes some seconds, within its limit."""

    def __init__(self, clock: Clock, seconds: float, *rounds: Answer) -> None:
        self.clock, self.seconds, self.rounds = clock, seconds, list(rounds)
        self.limits: list[float] = []

    def __call__(self, _url: str, _package: str, limit: float) -> dict[str, Answer]:
        """Answer one round."""
        self.limits.append(limit)
        self.clock.sleep(min(self.seconds, limit))
        return {"/api/health": self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]}


def wait(seconds: float, *rounds: Answer, limit: float = 600, pause: float = 2) -> tuple[str, App, float]:
    """Return the outcome of a wait, the app, and how long it took in seconds."""
    clock = Clock()
    app = App(clock, seconds, *rounds)
    outcome = Readiness("https://relay", "", limit, pause, call=app, clock=clock, sleep=clock.sleep).wait()
    return outcome, app, clock.now - 1000


@pytest.mark.parametrize("seconds", [0, 0.3, 3, 5])
def test_a_line_is_printed_every_fifteen_seconds(capsys: pytest.CaptureFixture[str], seconds: float) -> None:
    """Also while no answer changes, and a last one names what is waited for."""
    assert wait(seconds, COLD)[0] == DEADLINE
    lines = capsys.readouterr().out.splitlines()
    moments = [0, *(int(re.findall(r"^ +(\d+) s  ", line)[0]) for line in lines), 600]
    assert max(after - before for before, after in pairwise(moments)) <= 16  # rounded
    assert len(lines) < 80
    assert lines[-1].endswith("still /api/health: 503")


@pytest.mark.parametrize("seconds", [0, 4.9, 5])
def test_the_deadline_is_kept(seconds: float) -> None:
    """To a tenth of a second, however long a call takes."""
    outcome, app, took = wait(seconds, COLD, limit=60)
    assert outcome == DEADLINE
    assert took == pytest.approx(60, abs=0.11)
    assert app.limits == sorted(app.limits, reverse=True)


def test_three_good_rounds_in_succession_are_well() -> None:
    """A bad one in between starts again."""
    outcome, app, _ = wait(0, COLD, GOOD, GOOD, COLD, GOOD)
    assert (outcome, len(app.limits)) == ("", 7)


def test_two_good_rounds_before_the_deadline_are_not_well() -> None:
    """The last moment proves nothing."""
    assert wait(0, *[COLD] * 4, GOOD, limit=11)[0] == DEADLINE


def test_a_round_that_the_deadline_cuts_short_hides_no_answer() -> None:
    """A last call of a tenth of a second gets no answer from any app, and is not a good round either."""
    clock = Clock()
    down = Answer("503 down")
    app = App(clock, 1, down, down, Answer("no answer within 0.1 s"))
    readiness = Readiness("https://relay", "", 7, 2, call=app, clock=clock, sleep=clock.sleep)
    assert readiness.wait() == DEADLINE
    assert (len(app.limits), readiness.last) == (3, {"/api/health": down})
    assert wait(1, GOOD, GOOD, Answer("no answer within 0.1 s"), limit=7)[0] == DEADLINE


def test_a_new_name_may_take_a_minute() -> None:
    """Then the address is wrong, or this computer has no name resolution."""
    assert wait(0, *[UNKNOWN] * 25, GOOD)[0] == ""
    assert wait(0, *[COLD] * 40, UNKNOWN, GOOD)[0] == ""
    outcome, _, took = wait(0, UNKNOWN)
    assert outcome == "name"
    assert 60 < took < 64


def test_a_certain_refusal_ends_the_first_round() -> None:
    """Whatever the deadline is."""
    outcome, app, _ = wait(0, Answer("401", refusal="401"))
    assert (outcome, len(app.limits)) == ("401", 1)
