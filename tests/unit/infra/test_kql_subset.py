"""The evaluator of KQL has Kusto's semantics where the project's queries depend on them, and refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.kql import run
from tests.support.kql.tokens import KqlError
from tools.kql.queries import all_queries

NOW = datetime(2026, 11, 20, 12, 10, tzinfo=UTC)  # a Friday
EMPTY: dict[str, list[dict[str, Any]]] = {"traces": [], "requests": [], "exceptions": [], "Usage": []}


def rows_of(*messages: str) -> dict[str, list[dict[str, Any]]]:
    """Return traces, a minute apart; the last one is the newest."""
    ages = range(len(messages), 0, -1)
    return {"traces": [
        {"timestamp": NOW - timedelta(minutes=age), "message": message, "itemCount": 1, "severityLevel": 1}
        for age, message in zip(ages, messages, strict=True)
    ]}  # fmt: skip


def results(query: str, *messages: str) -> list[list[Any]]:
    """Return the values of the rows of a query over traces."""
    return [[*row.values()] for row in run(query, rows_of(*messages), NOW)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("traces | where message startswith 'CHANGES=' | count", None),
        ("traces | summarize count()", [[3]]),
        ("traces | where message startswith 'A=' | summarize count()", [[2]]),
        ("traces | where message has 'live' | summarize count()", [[1]]),
        ("traces | where message has 'liv' | summarize count()", [[0]]),
        ("traces | where message matches regex @'^a=\\d+ ' | summarize count()", [[2]]),
        ("traces | extend n = tolong(extract(@'^a=(\\d+)', 1, message)) | summarize sum(n), min(n), max(n)",
         [[5, 2, 3]]),
        ("traces | where tolong(extract(@'=(x)', 1, message)) < 9 | summarize count()", [[0]]),
        ("traces | top 1 by timestamp | project message", [["b state=gone"]]),
        ("traces | top 1 by timestamp asc | project message", [["a=2 state=live"]]),
        ("traces | order by message desc | take 1 | project message", [["b state=gone"]]),
        ("traces | summarize arg_max(timestamp, message) by severityLevel | project message", [["b state=gone"]]),
        ("traces | summarize percentile(severityLevel, 99), countif(message has 'a')", [[1, 2]]),
        ("traces | summarize n = sum(itemCount) / 2 by bin(timestamp, 15m)",
         [[datetime(2026, 11, 20, 12, tzinfo=UTC), 1.5]]),
        ("union traces, (traces | take 1) | summarize count()", [[4]]),
        ("let n = toscalar(traces | take 1 | project 7); traces | where n == 7 | summarize count()", [[3]]),
        ("let n = toscalar(traces | take 0 | project 7); traces | where n >= 0 | summarize count()", [[0]]),
        ("traces | where severityLevel in (1, 2) and (itemCount == 2 or itemCount == 1) | summarize count()", [[3]]),
        ("traces | where dayofweek(now()) between (5d .. 5d) | summarize count()", [[3]]),
        ("traces | where hourofday(now()) between (10 .. 11) | summarize count()", [[0]]),
        ("traces | where timestamp > ago(2m) | summarize count()", [[1]]),
        ("traces | take 1 | project strcat('v', tostring(true), -1 + 3 * 2)", [["vtrue5"]]),
        ("traces | take 1 | project x = 'it''s'", None),
        ("traces | take 1 | project x = @'it''s', y = 'a\\'b' // comment", [["it's", "a'b"]]),
    ],
)  # fmt: skip
def test_a_query_has_its_result(query: str, expected: list[list[Any]] | None) -> None:
    """None stands for an error: the operator or text is not in the subset."""
    lines = ("a=2 state=live", "a=3 state=refused", "b state=gone")
    if expected is None:
        with pytest.raises(KqlError):
            results(query, *lines)
    else:
        assert results(query, *lines) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("traces | summarize count(), countif(true), sum(itemCount), sumif(itemCount, true)", [[0, 0, 0, 0]]),
     ("traces | summarize min(itemCount), percentile(itemCount, 99)", [[None, None]]),
     ("traces | summarize count() by severityLevel", [])],
)  # fmt: skip
def test_without_rows_a_summary_without_keys_has_a_row(query: str, expected: list[list[Any]]) -> None:
    """The alerts for missing data depend on it."""
    assert results(query) == expected


@pytest.mark.parametrize(
    "query",
    ["traces | extend x = nothing", "nothing", "traces | where message == 1", "traces | where message has 1",
     "traces | where severityLevel == true", "traces | where severityLevel == '1'", "traces | join traces on message",
     "traces | extend x = strlen(message)", "traces | summarize dcount(message)", "traces | summarize message",
     "traces |", "traces | take x", "traces | where (true", "traces take 1", "traces | where message == 'a",
     "traces | order message", "let x 1; traces", "traces | extend 1 = 2"],
)  # fmt: skip
def test_what_is_not_in_the_subset_is_refused(query: str) -> None:
    """An unknown table, column, operator or function, a wrong type, or a wrong text: never a wrong result."""
    with pytest.raises(KqlError):
        results(query, "a=2")


@pytest.mark.parametrize("name", sorted(all_queries()))
def test_every_query_of_the_project_is_in_the_subset(name: str) -> None:
    """Of the alerts, the workbook and the docs."""
    run(all_queries()[name], EMPTY, NOW)
