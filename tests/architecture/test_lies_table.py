"""docs/sandbox-lies.md has a row for each untrue answer that the sandbox gives, with a test of the relay."""

from __future__ import annotations

import ast
import re

import pytest

from sandbox.process import ROOT
from sandbox.tenant.graph.lies import Lies
from sandbox.tenant.graph.settings import DEFAULTS
from tests.architecture.trees import tree_of

PAGE = (ROOT / "docs" / "sandbox-lies.md").read_text()
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("|")][2:]
NAMES = {row[0]: re.findall(r"`([A-Za-z]+)`", row[2]) for row in ROWS}


def test_each_lie_has_a_row() -> None:
    """By its name in the body of the route; two are settings."""
    accepted = {field.alias or name for name, field in Lies.model_fields.items()}
    assert len(accepted) > 10
    named = [name for names in NAMES.values() for name in names]
    assert sorted(named) == sorted(set(named))
    assert set(named) - DEFAULTS.keys() == accepted


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_lie_has_a_test(row: list[str]) -> None:
    """It exists, in the file that the row names."""
    assert len(row) == 4
    named = re.findall(r"`([^`:]+)::([^`]+)`", row[3])
    assert named
    for path, test in named:
        functions = {node.name for node in tree_of(ROOT / path).body if isinstance(node, ast.FunctionDef)}
        assert test in functions, f"{path}::{test}"
