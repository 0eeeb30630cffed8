"""Alerts and the workbook ask for what the code really writes, and each alert has its line in the runbook."""

from __future__ import annotations

import ast
import json
import logging
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from shared import telemetry
from shared.storage.watches import State
from tests.architecture.trees import tree_of

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
QUERIES = {path.stem: path.read_text() for path in sorted((INFRA / "alerts").glob("*.kql"))}
RULES = {
    name: (window, text) for name, window, text in re.findall(
        r"name: '([a-z-]+)'\n(?: .+\n)*? +window: '(\w+)'\n(?: .+\n)*? +text: '(.+)'\n",
        (INFRA / "modules/alerts.bicep").read_text(),
    )
}  # fmt: skip
HOURS = {"PT15M": "15m", "PT1H": "1h", "PT2H": "2h", "PT3H": "3h"}


def workbook() -> dict[str, str]:
    """Return the workbook's queries, by their titles."""
    items = json.loads((INFRA / "workbook.json").read_text())["items"]
    return {item["content"]["title"]: item["content"]["query"] for item in items if item["type"] == 3}


def calls(name: str) -> dict[str, list[ast.Call]]:
    """Return the calls of a function of telemetry in the product, by what they count."""
    found: dict[str, list[ast.Call]] = {}
    for path in [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != name:
                continue
            if ast.unparse(node.func.value) == "telemetry":
                what = ast.literal_eval(node.args[0])
                found.setdefault(what, []).append(node)
    return found


GAUGES, COUNTERS, AUDITS = calls("gauge"), calls("count"), calls("audit")
FUNCTIONS = {
    node.name for path in (ROOT / "functions").glob("*.py") for node in tree_of(path).body
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
}  # fmt: skip


def told(query: str) -> set[str]:
    """Return the counters and figures that a query reads."""
    return set(re.findall(r"startswith '(\w+)='", query))


ALL = [*QUERIES.items(), *workbook().items()]


@pytest.mark.parametrize(("name", "query"), ALL, ids=[name for name, _ in ALL])
def test_a_query_asks_for_what_the_code_writes(name: str, query: str, caplog: pytest.LogCaptureFixture) -> None:
    """Functions by their names, counters by lines that the code's own words make, with the dimensions that it gives."""
    asked = set(re.findall(r"'(\w+)'", " ".join(re.findall(r"name (?:==|in) (.+)", query))))
    assert asked <= FUNCTIONS
    for what in told(query):
        given = (GAUGES | COUNTERS)[what][0]
        dimensions: dict[str, Any] = {keyword.arg or "": "12" for keyword in given.keywords}
        with caplog.at_level(logging.INFO, "relay.metric"):
            telemetry.gauge(what, 7, **dimensions)
        patterns = re.findall(r"extract\(@'(.+?)', 1, message\)", query)
        assert patterns
        assert [bool(re.search(pattern, caplog.messages[-1])) for pattern in patterns] == [True] * len(patterns)
    states = re.findall(r"has 'state=(\w+)'|state in \((.+?)\)", query)
    assert set(re.findall(r"[a-z]+", " ".join(map(" ".join, states)))) <= {*get_args(State)}
    of_everything = {"no-data", "Runs of the functions", "What administrators did, and exceptions"}
    assert asked or told(query) or name in of_everything


def test_every_alert_has_its_query_its_line_and_its_place_in_the_runbook() -> None:
    """And no query is left over."""
    bicep = (INFRA / "modules/alerts.bicep").read_text()
    section = (ROOT / "docs/operations.md").read_text().partition("\n## Alerts\n")[2].partition("\n## ")[0]
    assert len(RULES) == 11
    assert RULES.keys() == QUERIES.keys() == set(re.findall(r"^\| ([a-z-]+) \|", section, re.MULTILINE)) - {"alert"}
    for name, (_, text) in RULES.items():
        assert f"loadTextContent('../alerts/{name}.kql')" in bicep
        assert text.endswith("."), name


def test_an_alert_looks_as_far_back_as_its_rule_lets_it() -> None:
    """What lies before a rule's window is not there for its query."""
    for name, (window, _) in RULES.items():
        assert set(re.findall(r"ago\((\w+)\)", QUERIES[name])) == {HOURS[window]}, name


def test_the_workbook_shows_what_the_alerts_watch() -> None:
    """Every figure that the code tells is watched or shown, and what is watched is shown."""
    shown = set().union(*map(told, workbook().values()))
    watched = set().union(*map(told, QUERIES.values()))
    assert len(watched) > 5
    assert watched <= shown
    assert len(GAUGES) > 5
    assert GAUGES.keys() <= shown


def test_the_workbook_names_what_administrators_do() -> None:
    """As their audit lines begin."""
    query = workbook()["What administrators did, and exceptions"]
    [pattern] = re.findall(r"@'(.+?)'", query)
    assert len(AUDITS) > 3
    assert [action for action in AUDITS if not re.match(pattern, f"{action} by key: ")] == []
    assert not re.match(pattern, "Could not renew the subscription of watch 1: x")


def test_the_lines_that_alerts_read_are_not_sampled() -> None:
    """A busy tenant would lose the figures first, and with them every alert."""
    host = json.loads((ROOT / "host.json").read_text())
    excluded = host["logging"]["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";")
    assert {"Request", "Exception", "Trace"} <= set(excluded)
