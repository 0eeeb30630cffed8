"""No logger of the product has a name whose lines the worker takes for the host's own.

The worker marks a line as the host's by the start of its logger's name (azure-functions-python-worker,
proxy_worker/logging.py, is_system_log_category): such a line reaches Microsoft, and never the customer.
"""

from __future__ import annotations

import ast

import pytest

from shared.telemetry import HOST_LOGGERS
from tests.architecture.test_house import ROOT, TREES

CALLS = [
    (str(path.relative_to(ROOT)), node) for path, tree in TREES.items() for node in ast.walk(tree)
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("getLogger", "getChild")
]  # fmt: skip

LOGGERS = {
    target.id for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.Assign)
    for target in node.targets if isinstance(target, ast.Name) and "getLogger(" in ast.unparse(node.value)
}  # fmt: skip


def logger_name(call: ast.Call) -> str | None:
    """Return the name, None for the root logger and where it is not written out."""
    argument = call.args[0] if call.args else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def test_every_logger_of_the_product_is_below_relay() -> None:
    """All names are written out, so this test sees them; only the levels of libraries are set by a variable."""
    unnamed = [path for path, call in CALLS if logger_name(call) is None]
    named = {name for _, call in CALLS if (name := logger_name(call)) is not None}
    assert unnamed == ["shared/telemetry.py"]
    assert len(named) > 20
    assert [name for name in named if not name.startswith("relay.")] == []


@pytest.mark.parametrize("prefix", HOST_LOGGERS)
def test_no_logger_is_the_hosts_own(prefix: str) -> None:
    """Nor is the start of all our names one of those that the worker looks for, or the other way round."""
    assert not "relay.".startswith(prefix)
    assert not prefix.startswith("relay")


def test_the_names_of_the_hosts_loggers_are_those_of_the_worker() -> None:
    """proxy_worker/logging.py: SYSTEM_LOG_PREFIX, SDK_LOG_PREFIX, RUNTIME_LOG_PREFIX."""
    assert set(HOST_LOGGERS) == {"proxy_worker", "azure.functions", "azure_functions_runtime"}


def test_nothing_is_logged_to_the_root_logger_or_below_info() -> None:
    """The worker's root logger has the level INFO: a line for debugging is never kept."""
    calls = [ast.unparse(node.func) for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    methods = [call.rpartition(".")[2] for call in calls if call.rpartition(".")[0] in LOGGERS]
    assert len(methods) > 40
    assert set(methods) <= {"info", "warning", "error", "exception", "log"}
    assert not {f"logging.{method}" for method in ("debug", "info", "warning", "error", "exception")} & set(calls)
