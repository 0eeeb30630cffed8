"""How the parts fit together: services with few collaborators, one composition root, one module that starts threads."""

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
    "shared.delivery.outcome.Outcome": "a value",
    "shared.storage.ledger_entry.Entry": "a row",
    "shared.messages.Job": "a message",
    "shared.storage.maintenance.Rollout": "a row",
    "shared.storage.parked.Parked": "a row",
    "shared.storage.maintenance.ResyncHour": "a row",
    "shared.bookings.held_times.HeldTime": "a row",
    "shared.storage.slot_bookings.Booking": "a row",
    "shared.storage.followed.appointments.FollowedAppointment": "a row",
    "shared.storage.rooms.readings.RoomReading": "a row",
    "shared.storage.watches.Watch": "a row",
    "shared.subscriptions.plan.DesiredState": "a value",
}
THREADS = {
    "Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "ThreadPool", "run_in_executor", "start_new_thread",
}  # fmt: skip
THREAD_MODULES = {"concurrent", "multiprocessing", "_thread"}


def collaborators() -> dict[str, int]:
    """Return each class of shared/ with the number of values it is built from; fields of a base class count."""
    counted = {}
    for module in pkgutil.walk_packages(shared.__path__, "shared."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            is_value = issubclass(kind, BaseModel | Enum) or getattr(kind, "_is_protocol", False)
            if kind.__module__ == module.name and not is_value:
                counted[f"{kind.__module__}.{kind.__qualname__}"] = built_of(kind)
    return counted


def built_of(kind: type) -> int:
    """Return the number of parameters of a class; *args and **kwargs count as too many."""
    try:
        kinds = [parameter.kind for parameter in inspect.signature(kind).parameters.values()]
    except ValueError:  # a class without an __init__ in Python
        return 0
    is_plain = inspect.getattr_static(kind, "__init__") is object.__init__
    return len(kinds) + (0 if is_plain else MOST * sum("VAR" in each.name for each in kinds))


def names(tree: ast.AST) -> set[str]:
    """Return each name that a file uses or imports."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_no_service_has_more_than_nine_collaborators() -> None:
    """A class with more does too much. Classes that are no services are listed above, with the reason."""
    counted = collaborators()
    assert len(counted) > 100
    assert {name for name, number in counted.items() if number > MOST} == set(MANY)


def test_no_service_takes_the_root() -> None:
    """Only bootstrap and the functions name App, also in types; tools/ do not use it."""
    tools = {path: tree_of(path) for path in (ROOT / "tools").rglob("*.py")}
    for path, tree in (TREES | tools).items():
        place = path.relative_to(ROOT).parts
        if place[0] == "functions" or place[:2] == ("shared", "bootstrap"):
            continue
        assert not any(name.startswith("shared.bootstrap") for name in imports_of(tree)), path
        assert not names(tree) & {"App", "bootstrap"}, path


def test_threads_start_in_a_single_module() -> None:
    """That module sets the limits of concurrency."""
    using = {str(path.relative_to(ROOT)) for path, tree in TREES.items() if names(tree) & THREADS}
    assert using == {"shared/threads.py"}


def test_no_other_module_hands_work_to_threads() -> None:
    """A task that shared/threads.py does not start has no invocation id. asyncio.to_thread copies the context, too."""
    importing = {
        str(path.relative_to(ROOT)) for path, tree in TREES.items()
        if any(name.partition(".")[0] in THREAD_MODULES for name in imports_of(tree))
    }  # fmt: skip
    assert importing == {"shared/threads.py"}
    assert {path.name for path, tree in TREES.items() if names(tree) & {"to_thread"}} == {"notifications.py"}


@pytest.mark.parametrize(
    "text",
    ["import threading\nthreading.Thread(target=print)", "from threading import Timer as T",
     "from concurrent.futures import ThreadPoolExecutor", "import concurrent.futures as c\nc.ThreadPoolExecutor(2)"],
)  # fmt: skip
def test_a_thread_is_detected_for_every_form_of_import(text: str) -> None:
    """Each form of import is recognized."""
    assert names(ast.parse(text)) & THREADS


def test_a_class_with_many_collaborators_is_detected() -> None:
    """Also one that takes **kwargs."""

    class Locator:
        def __init__(self, **parts: object) -> None: ...

    ten = make_dataclass("Ten", [(f"part_{number}", object) for number in range(10)])
    assert min(built_of(Locator), built_of(ten)) > MOST


def test_the_root_is_in_its_module() -> None:
    """Otherwise the tests above would check nothing."""
    classes = [node for node in TREES[ROOT / "shared/bootstrap/app.py"].body if isinstance(node, ast.ClassDef)]
    assert "App" in {node.name for node in classes}
