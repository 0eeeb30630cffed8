"""What holds the parts together: services with few collaborators, one root, one module that starts threads."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from dataclasses import make_dataclass
from enum import Enum

import pytest
from pydantic import BaseModel

import shared
from tests.architecture.test_house import ROOT, TREES, imports_of
from tests.architecture.trees import tree_of

MOST = 9
MANY = {
    "shared.bootstrap.app.App": "the root, whose parts tests replace by keyword",
    "shared.http.connection.TimedTlsSocket": "ssl.SSLSocket's own __init__",
    "shared.graph.bookings.models.Appointment": "an object of Graph",
    "shared.storage.ledger.Entry": "a row",
    "shared.storage.parked.Parked": "a row",
    "shared.storage.slot_bookings.Booking": "a row",
    "shared.storage.watches.Watch": "a row",
}
THREADS = {"Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "ThreadPool"}


def collaborators() -> dict[str, int]:
    """Return each class of shared/ with the number of values that it is built of; fields of a base class count."""
    counted = {}
    for module in pkgutil.walk_packages(shared.__path__, "shared."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            is_value = issubclass(kind, BaseModel | Enum) or getattr(kind, "_is_protocol", False)
            if kind.__module__ == module.name and not is_value:
                counted[f"{kind.__module__}.{kind.__qualname__}"] = built_of(kind)
    return counted


def built_of(kind: type) -> int:
    """Return how many parameters a class takes; *args and **kwargs could hold anything, and count as too many."""
    try:
        kinds = [parameter.kind for parameter in inspect.signature(kind).parameters.values()]
    except ValueError:  # a class without an __init__ in Python
        return 0
    return len(kinds) + (0 if kind.__init__ is object.__init__ else MOST * sum("VAR" in each.name for each in kinds))


def names(tree: ast.AST) -> set[str]:
    """Return each name that a file uses or imports."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_no_service_has_more_than_nine_collaborators() -> None:
    """What needs more does too much. What is no service stands above, with the reason."""
    counted = collaborators()
    assert len(counted) > 100
    assert {name for name, number in counted.items() if number > MOST} == set(MANY)


def test_no_service_takes_the_root() -> None:
    """Nor keeps it: only bootstrap and the functions name App, also for the types alone; tools/ do without it."""
    tools = {path: tree_of(path) for path in (ROOT / "tools").rglob("*.py")}
    for path, tree in (TREES | tools).items():
        place = path.relative_to(ROOT).parts
        if place[0] == "functions" or place[:2] == ("shared", "bootstrap"):
            continue
        assert not any(name.startswith("shared.bootstrap") for name in imports_of(tree)), path
        assert not names(tree) & {"App", "bootstrap"}, path


def test_threads_are_started_in_one_module() -> None:
    """So that there is one place where work side by side has its limits."""
    using = {str(path.relative_to(ROOT)) for path, tree in TREES.items() if names(tree) & THREADS}
    assert using == {"shared/threads.py"}


@pytest.mark.parametrize(
    "text",
    ["import threading\nthreading.Thread(target=print)", "from threading import Timer as T",
     "from concurrent.futures import ThreadPoolExecutor", "import concurrent.futures as c\nc.ThreadPoolExecutor(2)"],
)  # fmt: skip
def test_a_thread_is_seen_however_it_is_imported(text: str) -> None:
    """By each form of import."""
    assert names(ast.parse(text)) & THREADS


def test_a_class_of_many_parts_is_seen() -> None:
    """Also one that takes anything."""

    class Locator:
        def __init__(self, **parts: object) -> None: ...

    ten = make_dataclass("Ten", [(f"part_{number}", object) for number in range(10)])
    assert min(built_of(Locator), built_of(ten)) > MOST


def test_the_root_is_where_it_is_looked_for() -> None:
    """Else the tests above would look for nothing."""
    classes = [node for node in TREES[ROOT / "shared/bootstrap/app.py"].body if isinstance(node, ast.ClassDef)]
    assert "App" in {node.name for node in classes}
