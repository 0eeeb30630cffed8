"""docs/architecture.md names the tests that guard each of the twelve promises."""

import ast
import re

import pytest

from sandbox.process import ROOT
from tests.architecture.trees import tree_of

ROWS = re.findall(r"^\| (\d+)\. (.+?) \| (.+) \|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)


def test_there_are_twelve_promises() -> None:
    """Their numbers are quoted elsewhere."""
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 13))


def test_only_the_walks_and_the_queue_of_a_backfill_are_later() -> None:
    """What is not built is said; nothing else may be put off."""
    later = {number: re.findall(r"\(([^()]*): later\)", promise) for number, promise, _ in ROWS if "later" in promise}
    assert later == {"11": ["two walks"], "12": ["its own queue"]}


@pytest.mark.parametrize(("number", "tests"), [(number, tests) for number, _, tests in ROWS])
def test_the_tests_of_a_promise_exist(number: str, tests: str) -> None:
    """A renamed or deleted test must not leave a promise unguarded."""
    named = re.findall(r"`([^`:]+)::([^`]+)`", tests)
    assert named, f"promise {number} names no test"
    for path, test in named:
        tree = tree_of(ROOT / path)
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{path}::{test}"
