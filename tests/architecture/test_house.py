"""The house rules that no linter checks."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import shared
from shared.errors import RelayError
from tests.architecture.trees import tree_of

ROOT = Path(__file__).parents[2]
PRODUCT = sorted([*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py"), ROOT / "function_app.py"])
TREES = {path: tree_of(path) for path in PRODUCT}
FOLDERS = ("shared", "functions", "sandbox", "tests", "tools", "relay_admin")
FILES = {folder: sorted((ROOT / folder).rglob("*.py")) for folder in FOLDERS}
EVERYTHING = [path for paths in FILES.values() for path in paths]
assert all(FILES.values()), "every folder has files, or these tests prove nothing"
assert len(TREES) > 100


def imports_of(tree: ast.AST) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def test_no_file_is_too_long() -> None:
    """A file has at most 250 lines."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in EVERYTHING}
    assert {path: length for path, length in lengths.items() if length > 250} == {}


def test_no_function_of_the_product_is_too_long() -> None:
    """A function has at most 50 lines, its docstring included."""
    long = [
        f"{path.name}:{node.name}" for path, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
    ]  # fmt: skip
    assert long == []


def test_only_the_functions_know_the_host() -> None:
    """Only functions/, function_app.py, the sandbox and tests import azure.functions."""
    for path, tree in TREES.items():
        inner = path.parts[len(ROOT.parts)] == "shared"
        assert not (inner and any(name.startswith("azure.functions") for name in imports_of(tree))), path
        assert not any(name.split(".")[0] in ("sandbox", "tests", "tools") for name in imports_of(tree)), path


def test_nothing_is_printed_or_left_to_do() -> None:
    """Messages are logged; open work is an issue."""
    for path in PRODUCT:
        text = path.read_text()
        assert not re.search(r"\bprint\(", text), path
        assert not any(word in text for word in ("TODO", "FIXME", "XXX", "HACK")), path


def test_every_error_has_the_right_base_class() -> None:
    """RelayError for errors that callers handle, ValueError for unreadable input; or it stays in its module."""
    found = set()
    for module in pkgutil.walk_packages(shared.__path__, "shared."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, Exception) and kind.__module__.startswith("shared."):
                found.add(kind)
    astray = {kind.__qualname__ for kind in found if not issubclass(kind, RelayError | ValueError)}
    assert astray <= {"Failed"}
    assert len(found) > 10


def test_the_environment_is_read_in_three_modules() -> None:
    """The bootstrap passes it to the settings, the app reads FEATURES, a session reads CA bundle and proxies."""
    readers = {
        str(path.relative_to(ROOT)) for path, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }  # fmt: skip
    assert readers == {"function_app.py", "shared/bootstrap/app.py", "shared/http/session.py"}
