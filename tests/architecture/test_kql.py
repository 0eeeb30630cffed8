"""Every query of alerts, workbook and docs is sound for Kusto's own parser, with the tables of Application Insights."""

from __future__ import annotations

import re

import pytest

from tools.kql.__main__ import main
from tools.kql.check import TABLES, diagnostics
from tools.kql.queries import alerts, all_queries, docs, workbook

PLANTED = {
    "column": ("traces | where severity == 2", "KS142"),
    "column after project": ("traces | project timestamp | where message has 'x'", "KS142"),
    "table": ("trace | take 1", "KS204"),
    "function": ("traces | extend number = extrakt('a', 1, message)", "KS211"),
    "operator": ("traces | summarise count()", "KS176"),
    "type": ("traces | where timestamp > ago('1h')", "KS107"),
    "bracket": ("traces | where (severityLevel == 2", "KS005"),
}
pytestmark = pytest.mark.server


def test_every_query_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    """There are none with findings, and none is overlooked."""
    assert main() == 0
    assert capsys.readouterr().out == f"{len(all_queries())} queries, 0 findings\n"
    assert len(alerts()) == 15
    assert len(workbook()) > 15
    assert len(docs()) > 8


def test_a_wrong_query_is_refused() -> None:
    """A wrong column, table, function, operator, type or bracket, each with its code."""
    found = {(each.name, each.code) for each in diagnostics({name: query for name, (query, _) in PLANTED.items()})}
    assert {(name, code) for name, (_, code) in PLANTED.items()} <= found


@pytest.mark.parametrize("name", sorted(all_queries()))
def test_no_query_compares_success_with_a_bool(name: str) -> None:
    """The column is a string ("True") in the tables of Application Insights, a bool in those of the workspace."""
    assert TABLES["requests"]["success"] == "string"
    assert not re.search(r"success\s*[=!]=|\bnot\(success\)", all_queries()[name])
