"""docs/sandbox-lies.md has a row for each untrue answer that the sandbox gives, with tests of the relay.

Each is also given at random by the chaos run and by the simulation. That each route does what its row says is tested in
tests/unit/sandbox/graph/test_lies_by_route.py.
"""

from __future__ import annotations

import ast
import re

import pytest

from sandbox.process import ROOT
from sandbox.tenant.faults import Fault
from sandbox.tenant.graph.lies import Lies
from sandbox.tenant.graph.settings import DEFAULTS
from tests.architecture.trees import tree_of
from tests.chaos.lies import FAULTS, KINDS, LIES, SETTINGS
from tests.simulation.false_answers import NAMES
from tests.simulation.false_answers_for_all import NAMES_FOR_ALL

PAGE = (ROOT / "docs" / "sandbox-lies.md").read_text()
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("|")][2:]
BY_NAME = {row[0]: row for row in ROWS}
ACCEPTED = {field.alias or name for name, field in Lies.model_fields.items()}
KEYS = {LIES: ACCEPTED, SETTINGS: DEFAULTS.keys(), FAULTS: Fault.model_fields.keys()}


def keys_of(row: list[str]) -> list[str]:
    """Return the keys of the route's body that a row names."""
    return re.findall(r"`([A-Za-z]+)`", row[2])


def names_in_column(column: int) -> set[str]:
    """Return all names in a column that separates them by semicolons."""
    return {name for row in ROWS for name in row[column].split("; ")}


def test_each_lie_has_a_row() -> None:
    """Of the sandbox, by its key in the body of the route; and each row names keys that its route takes."""
    assert len(ROWS) >= len(ACCEPTED) > 10
    assert {name for row in ROWS for name in keys_of(row)} >= ACCEPTED
    for row in ROWS:
        route = re.match(r"`/_control(/\w+)`", row[2])
        assert route, row[2]
        assert set(keys_of(row)) <= set(KEYS[route[1]])
        assert keys_of(row)


@pytest.mark.parametrize("name", BY_NAME)
def test_each_lie_has_a_test(name: str) -> None:
    """It exists, in the file that the row names."""
    row = BY_NAME[name]
    assert len(row) == 6
    named = re.findall(r"`([^`:]+)::([^`]+)`", row[3])
    assert named
    for path, test in named:
        functions = {node.name for node in tree_of(ROOT / path).body if isinstance(node, ast.FunctionDef)}
        assert test in functions, f"{path}::{test}"


def test_the_chaos_run_gives_each_lie() -> None:
    """By the route of its row, with every key that the sandbox takes."""
    assert names_in_column(4) == {lie.name for lie in KINDS}
    assert {key for lie in KINDS if lie.route == LIES for key in (*lie.bodies[0], lie.about) if key} == ACCEPTED
    for lie in KINDS:
        row = next(row for row in ROWS if lie.name in row[4].split("; "))
        assert f"`/_control{lie.route}`" in row[2]


def test_the_simulation_gives_each_lie() -> None:
    """Each name is in a row, and each row has one."""
    assert names_in_column(5) == {*NAMES, *NAMES_FOR_ALL}
