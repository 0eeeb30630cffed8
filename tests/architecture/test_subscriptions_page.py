"""docs/subscriptions.md says what the code does: evidence, reasons of a DELETE, states, and tests of failure modes."""

from __future__ import annotations

import ast
import re
from dataclasses import astuple
from typing import get_args

import pytest

from sandbox.process import ROOT
from shared.graph.subscriptions import DeleteReason
from shared.subscriptions.evidence import SOURCES
from shared.watches.states import ShownState
from tests.architecture.trees import tree_of
from tools.openapi.responses import WatchState

PAGE, OPERATIONS = ((ROOT / "docs" / f"{name}.md").read_text() for name in ("subscriptions", "operations"))
CHECKS = [
    ROOT / "shared" / f"{name}.py"
    for name in ("health/checks", "health/timer_check", "health/permissions", "health/maintenance",
                 "health/table_check", "bootstrap/health", "dataverse/operation/health")
]  # fmt: skip
CHECK = r'"(\w+)"(?:: (?:self\._|vault\.|lambda)|\] = self\.)'  # the name of a check, and where its function is


def section(title: str, page: str = PAGE) -> str:
    """Return the text below a heading."""
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table(title: str, page: str = PAGE) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    lines = [line for line in section(title, page).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_table_of_evidence_is_that_of_the_code() -> None:
    """Each source in the same words."""
    documented = [(*row[:4], row[4].strip("`")) for row in table("What each source proves")]
    assert documented == [astuple(source) for source in SOURCES]


def test_the_reasons_of_a_delete_are_explained() -> None:
    """All, and no other."""
    explained = re.findall(r"^- \*\*([a-z]+)\*\*", section("Why a subscription is deleted"), re.MULTILINE)
    assert sorted(explained) == sorted(reason.value for reason in DeleteReason)


def test_the_states_are_explained() -> None:
    """The contract has the same, and the operations page says what to do about each that is in use."""
    states = [state.value for state in ShownState]
    assert [row[0] for row in table("The states of a watch")] == states
    assert sorted(get_args(WatchState)) == sorted(states)
    reserved = [row[0] for row in table("The states of a watch") if row[1] == "reserved"]
    advised = [state for row in table("The state of a watch", OPERATIONS) for state in row[0].split(", ")]
    assert sorted([*advised, *reserved]) == sorted(states)


def test_each_health_check_is_explained() -> None:
    """The operations page says of each what its failure means, in the order of the checks."""
    names = [name for path in CHECKS for name in re.findall(CHECK, path.read_text())]
    assert [row[0] for row in table("Health checks", OPERATIONS)] == names
    assert len(names) > 15


@pytest.mark.parametrize("row", table("Failure modes"), ids=lambda row: row[0])
def test_each_failure_mode_has_a_test(row: list[str]) -> None:
    """It exists, in the file that the row names."""
    named = re.findall(r"`([^`:]+)::([^`]+)`", row[2])
    assert named
    for path, test in named:
        functions = {node.name for node in tree_of(ROOT / path).body if isinstance(node, ast.FunctionDef)}
        assert test in functions, f"{path}::{test}"
