"""The queries of alerts and workbook match the code's telemetry, and each alert has its entry in the runbook."""

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
    """Return the calls of a telemetry function in the product, by the name that they count."""
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


def metrics_of(query: str) -> set[str]:
    """Return the counters and gauges that a query reads."""
    return set(re.findall(r"startswith '(\w+)='", query))


ALL = [*QUERIES.items(), *workbook().items()]


@pytest.mark.parametrize(("name", "query"), ALL, ids=[name for name, _ in ALL])
def test_a_query_reads_existing_telemetry(name: str, query: str, caplog: pytest.LogCaptureFixture) -> None:
    """Functions by their names, counters by lines built from the code's own texts, with their dimensions."""
    asked = set(re.findall(r"'(\w+)'", " ".join(re.findall(r"name (?:==|in) (.+)", query))))
    assert asked <= FUNCTIONS
    for what in metrics_of(query):
        given = (GAUGES | COUNTERS)[what][0]
        dimensions: dict[str, Any] = {keyword.arg or "": "12" for keyword in given.keywords}
        with caplog.at_level(logging.INFO, "relay.metric"):
            telemetry.gauge(what, 7, **dimensions)
        patterns = re.findall(r"extract\(@'(.+?)', 1, message\)", query)
        assert patterns
        assert [bool(re.search(pattern, caplog.messages[-1])) for pattern in patterns] == [True] * len(patterns)
    states = re.findall(r"has 'state=(\w+)'|state in \((.+?)\)", query)
    assert set(re.findall(r"[a-z]+", " ".join(map(" ".join, states)))) <= {*get_args(State)}
    of_everything = {"no-data", "Runs of the functions", "Actions of administrators, and exceptions"}
    assert asked or metrics_of(query) or name in of_everything


def test_every_alert_has_a_query_a_line_and_a_runbook_entry() -> None:
    """No query is unused."""
    bicep = (INFRA / "modules/alerts.bicep").read_text()
    section = (ROOT / "docs/operations.md").read_text().partition("\n## Alerts\n")[2].partition("\n## ")[0]
    assert len(RULES) == 15
    assert RULES.keys() == QUERIES.keys() == set(re.findall(r"^\| ([a-z-]+) \|", section, re.MULTILINE)) - {"alert"}
    for name, (_, text) in RULES.items():
        assert f"loadTextContent('../alerts/{name}.kql')" in bicep
        assert text.endswith("."), name


def test_a_query_looks_no_further_back_than_its_rule() -> None:
    """The query gets no data from before its rule's window."""
    for name, (window, _) in RULES.items():
        spans = re.findall(r"ago\((\w+)\)", QUERIES[name])
        assert max(spans, key=list(HOURS.values()).index) == HOURS[window], name


def test_the_workbook_shows_what_the_alerts_watch() -> None:
    """Every metric of the code is in an alert or the workbook, and those of alerts are in the workbook."""
    shown = set().union(*map(metrics_of, workbook().values()))
    watched = set().union(*map(metrics_of, QUERIES.values()))
    assert len(watched) > 5
    assert watched <= shown
    assert len(GAUGES) > 5
    assert GAUGES.keys() <= shown


def test_the_workbook_names_the_audited_operations() -> None:
    """By the start of their audit lines."""
    query = workbook()["Actions of administrators, and exceptions"]
    [pattern] = re.findall(r"@'(.+?)'", query)
    assert len(AUDITS) > 3
    assert [action for action in AUDITS if not re.match(pattern, f"{action} by key: ")] == []
    assert not re.match(pattern, "Could not renew the subscription of watch 1: x")


def test_the_lines_that_alerts_read_are_not_sampled() -> None:
    """Sampling would drop the metrics of a busy tenant, and with them every alert.

    The host's records of requests, which are sampled, are read for older versions only: these do not sample them.
    """
    host = json.loads((ROOT / "host.json").read_text())
    excluded = host["logging"]["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";")
    assert set(excluded) == {"Exception", "Trace"}
    readers = {name for name, query in QUERIES.items() if re.search(r"^ *\(?requests$", query, re.MULTILINE)}
    assert readers == {"timer-silent", "errors-to-graph", "no-notifications", "slow-answers"}
    assert [name for name in readers if "older version" not in QUERIES[name]] == []
