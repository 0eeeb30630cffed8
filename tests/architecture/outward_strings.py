"""The telemetry in the product's code: names, the order of their dimensions, and log texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Any

from shared.delivery import outcome
from shared.errors import Unauthenticated
from shared.partner.status_policy import disposition_of
from tests.architecture.test_import import ROOT
from tests.architecture.trees import tree_of

CALLEES = ("count", "gauge", "audit")  # the names of the telemetry functions in calls; also in KINDS
KINDS = {"count": "counters", "gauge": "gauges", "audit": "audits"}
LOGS = {"info": 0, "warning": 0, "error": 0, "exception": 0, "critical": 0, "log": 1}  # and the position of the text
FOLDERS = ("functions", "shared")
TREES = [tree_of(path) for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
CALLS = [node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Call)]
assert len(CALLS) > 1_000, "the product is read, or the tests on it prove nothing"


def callee_of(call: ast.Call) -> str:
    """Return the last name of what is called."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def literals_of(value: ast.expr) -> Iterator[str]:
    """Yield the texts that an argument may be, as far as they are literals."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    if isinstance(value, ast.IfExp):
        yield from literals_of(value.body)
        yield from literals_of(value.orelse)


def telemetry_calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield the telemetry calls, with their kind and the name that they count or audit."""
    for call in CALLS:
        if callee_of(call) in CALLEES and call.args:
            for name in literals_of(call.args[0]):
                if re.fullmatch("[a-z][a-z_-]+", name):
                    yield KINDS[callee_of(call)], name, call


def dimensions_by_name() -> dict[str, dict[str, set[tuple[str, ...]]]]:
    """Return, by kind and name, the orders in which the dimensions are passed: a single order, because they form the
    line's text.
    """
    found: dict[str, dict[str, set[tuple[str, ...]]]] = {}
    for kind, name, call in telemetry_calls():
        ways = found.setdefault(kind, {}).setdefault(name, set())
        ways.add(tuple(str(keyword.arg) for keyword in call.keywords))
    return found


def values_at_calls() -> Iterator[tuple[str, str, str]]:
    """Yield name, dimension and value wherever a telemetry call has a literal value."""
    for _, name, call in telemetry_calls():
        for keyword in call.keywords:
            yield from ((name, str(keyword.arg), value) for value in literals_of(keyword.value))


def first_texts_of(*names: str) -> set[str]:
    """Return the texts that are the first argument in calls of these names."""
    found = (call for call in CALLS if callee_of(call) in names and call.args)
    return {text for call in found for text in literals_of(call.args[0])}


def ends_of_changes() -> set[str]:
    """Return the results of a change that are constants."""
    return {value for name, value in vars(outcome).items() if name.isupper()}


def refusals_of_callers() -> set[str]:
    """Return the reasons for which a caller is rejected."""
    return first_texts_of(Unauthenticated.__name__)


def counted_names() -> set[str]:
    """Return the names passed to a Counter: a count's dimension has them as values."""
    return {str(keyword.arg) for call in CALLS if callee_of(call) == "Counter" for keyword in call.keywords}


@cache
def texts() -> set[str]:
    """Return every text of the product that is no docstring, the names passed to a Counter, and f"beginnings-{"."""
    nodes = [node for tree in TREES for node in ast.walk(tree)]
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    literals = {node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in docs}
    starts = {f"{node.values[0].value!s}{{" for node in nodes if isinstance(node, ast.JoinedStr) and node.values
             and isinstance(node.values[0], ast.Constant)}  # fmt: skip
    return {text for text in literals | counted_names() | starts if isinstance(text, str)}


def log_texts() -> list[str]:
    """Return the texts of all log calls, before their values are inserted."""
    found = ((call, LOGS.get(callee_of(call))) for call in CALLS)
    some = [literals_of(call.args[place]) for call, place in found if place is not None and len(call.args) > place]
    return sorted({text for texts in some for text in texts})


def policy() -> list[list[Any]]:
    """Return the meaning of the partner's statuses 0 to 599: first, last, meaning."""
    runs = (list(run) for _, run in groupby(range(600), key=disposition_of))
    return [[run[0], run[-1], str(disposition_of(run[0]))] for run in runs]
