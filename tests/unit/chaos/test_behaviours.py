"""The chaos run and the generated input switch a seeded choice of Graph's behaviours on."""

from __future__ import annotations

from typing import Any

from sandbox.tenant.graph.behaviours import BEHAVIOURS
from sandbox.tenant.graph.switches import Switches
from tests.chaos.behaviours import LONGEST, NAMES, switch_off, switch_on
from tests.chaos.report import lines
from tests.unit.chaos.test_report import _outcome


class Control:
    """Switches behaviours as the tenant does."""

    def __init__(self) -> None:
        self.switches = Switches()

    def __call__(self, method: str, _path: str, body: Any) -> Any:
        """Call a control route."""
        if method == "DELETE":
            self.switches.clear()
        else:
            longest = body["longestSeconds"]
            self.switches.switch_random(body["seed"], body["share"], body["names"], longest_seconds=longest)
        return self.switches.as_json()


def test_each_behaviour_of_the_run_is_in_the_list() -> None:
    """And some seed chooses it."""
    control = Control()
    assert set(NAMES) <= set(BEHAVIOURS)
    assert {name for seed in range(30) for name in switch_on(control, seed)} == set(NAMES)


def test_a_seed_repeats_the_choice_and_its_delays_are_short() -> None:
    """The run ends with none of them."""
    first, second = Control(), Control()
    assert switch_on(first, 5) == switch_on(second, 5)
    delays = [name for name in first.switches.on if name.endswith("Seconds")]
    assert all(first.switches.number(name, "room1@contoso.com", "x") <= LONGEST for name in delays)
    switch_off(first)
    assert first.switches.on == {}


def test_the_report_names_them_and_the_seed() -> None:
    """So that a run can be repeated."""
    outcome = _outcome()
    outcome.behaviours = ["listLagSeconds"]
    assert "behaviours by seed 7: listLagSeconds" in list(lines(outcome))
