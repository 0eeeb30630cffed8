"""The queries and commands of docs/troubleshooting.md match the code."""

from __future__ import annotations

import ast
import re

import pytest

from relay_admin.arguments import parser
from tests.architecture.test_house import TREES
from tests.architecture.test_import import FUNCTIONS, ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
QUERIES = re.findall(r"```kusto\n(.*?)```", PAGE, re.DOTALL)


def _counters() -> dict[str, set[str]]:
    """Return the counters of the product, each with the names of its dimensions."""
    found: dict[str, set[str]] = {}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") not in ("count", "gauge"):
                continue
            name = node.args[0] if node.args else None
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                found.setdefault(name.value, set()).update(one.arg or "" for one in node.keywords)
    return found


def _texts() -> list[str]:
    """Return every text of the product, to look up the start of log lines."""
    nodes = (node for tree in TREES.values() for node in ast.walk(tree))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_there_is_a_query_for_most_symptoms() -> None:
    """The test detects the queries of the page."""
    assert len(QUERIES) >= 9
    assert PAGE.count("\n## ") >= 12


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_reads_existing_telemetry(query: str) -> None:
    """Counters and their dimensions, the start of log lines, and the functions' names."""
    counters = _counters()
    began = [one or other for one, other in re.findall(r"message startswith (?:'([^']*)'|\"([^\"]*)\")", query)]
    asked = [text.removesuffix("=") for text in began if text.endswith("=")]
    assert set(asked) <= counters.keys()
    assert all(any(text.startswith(line) for text in _texts()) for line in began if not line.endswith("="))
    known = {dimension for name in asked for dimension in counters[name]}
    for words in re.findall(r"@'(?:\(\?:)?([a-z|]+)\)?=", query):
        assert set(words.split("|")) <= known, query
    for names in re.findall(r"name (?:in \([^)]*\)|== '\w+')", query):
        assert set(re.findall(r"'(\w+)'", names)) <= FUNCTIONS


def test_queries_read_counters_lines_and_functions() -> None:
    """Each pattern of the test above matches somewhere."""
    text = "\n".join(QUERIES)
    assert len(re.findall(r"message startswith '\w+='", text)) > 3
    assert re.search(r"message startswith (?:'[^'=]*'|\"[^\"]*\")", text)
    assert re.search(r"@'(?:\(\?:)?([a-z|]+)\)?=", text)
    assert re.search(r"name (?:in \([^)]*\)|== '\w+')", text)


def test_the_commands_of_the_page_exist() -> None:
    """With their options, by the parser."""
    commands = re.findall(r"python -m relay_admin ([^`\n]+?)(?:`|\n)", PAGE)
    assert len(commands) >= 10
    for words in commands:
        parser().parse_args(words.split())


def test_the_findings_of_the_page_exist() -> None:
    """By their names in the code."""
    texts = set(_texts())
    for name in ("handshake", "clientStateKey", "signingSecret", "graphSecret", "token", "calendarsRead",
                 "exchangeScope", "roomLists", "allowList", "calendarsWrite"):  # fmt: skip
        assert f"`{name}`" in PAGE
        assert name in texts
