"""docs/security.md names, for each threat, the tests that show what stops it."""

import ast
import re

import pytest

from sandbox.process import ROOT
from tests.architecture.trees import tree_of

PAGE = (ROOT / "docs" / "security.md").read_text()
THREATS = [
    line.strip("| ").split(" | ") for line in PAGE.partition("## Threats")[2].partition("\n## ")[0].splitlines()
    if line.startswith("|") and not line.startswith(("| who | tries", "|---"))
]  # fmt: skip


def test_the_table_of_threats_is_read() -> None:
    """Who, what, what stops it, and tests."""
    assert len(THREATS) >= 12
    assert {len(row) for row in THREATS} == {4}


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[1][:50])
def test_the_tests_of_a_threat_exist(row: list[str]) -> None:
    """A renamed or deleted test must not leave a threat undefended."""
    named = re.findall(r"`([^`:]+)::([^`]+)`", row[3])
    assert named, f"no test shows what stops who tries {row[1]}"
    for path, test in named:
        tree = tree_of(ROOT / path)
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{path}::{test}"


def test_the_open_routes_are_as_many_as_the_page_says() -> None:
    """Those that ask for no key: two for Graph, health, and the contract."""
    from tools.openapi.routes import operations

    numbers = {"four": 4, "five": 5, "six": 6}
    told = re.search(r"for every call but (\w+);", PAGE)
    assert told is not None
    assert numbers[told[1]] == sum(one.caller in ("anyone", "Microsoft Graph") for one in operations(entra=False))
