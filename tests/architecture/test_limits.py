"""docs/limits.md names each limit that holds in one process only, with its present value."""

from __future__ import annotations

import ast
import importlib
import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.architecture.test_house import ROOT, TREES

PAGE = (ROOT / "docs/limits.md").read_text()
SECTION = PAGE.partition("\n## Per instance\n")[2].partition("\n## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")][1:]
MODULES = set(re.findall(r"`((?:shared|functions)/[\w/]+\.py)`", SECTION))
OF_A_PROCESS = re.compile(
    r"(?:this|one|each) process(?!'s (?:address|bytes))|per process|for each (?:URL and )?process|process-wide", re.I
)
# These speak of a process, and limit nothing.
NO_LIMIT = {
    "shared/bootstrap/app.py", "shared/telemetry.py", "shared/bootstrap/graph.py", "shared/storage/leases.py",
    "shared/package.py", "shared/bootstrap/storage.py", "functions/notifications.py",
    "shared/storage/pairs/call_pauses.py",
}  # fmt: skip
CONSTANTS = [(row, *match) for row in ROWS for match in re.findall(r"`([\w/]+)\.py` `(\w+)`", row[-1])]


def number_of(value: object) -> float:
    """Return the number that the page gives for a constant: seconds, or the calls of a rate."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value[0]) if isinstance(value, tuple) else float(str(value))


@pytest.mark.parametrize(
    ("row", "module", "name"), CONSTANTS, ids=[f"{module}.{name}" for _, module, name in CONSTANTS]
)
def test_a_value_is_that_of_the_code(row: list[str], module: str, name: str) -> None:
    """Of each row that names a constant. A number in words or minutes counts as its number of seconds."""
    constant = number_of(getattr(importlib.import_module(module.replace("/", ".")), name))
    words = {"one": 1, "two": 2, "five": 5, "ten": 10, "twelve": 12}
    text = re.sub(
        r"\b[a-z]+\b", lambda match: str(words.get(match[0], match[0])), f"{row[1]}".replace("a day", "1 day")
    )
    units = {"minute": 60, "day": 86_400}
    given = {float(number) * units.get(unit, 1) for number, unit in re.findall(r"(\d+)(?: (minute|day)s?)?", text)}
    given |= {60.0 for _ in re.findall(r"a minute", row[1])}
    assert constant in given


def test_every_limit_of_a_process_is_on_the_page() -> None:
    """Each module that says of itself that something holds in one process is in the table."""
    saying = {str(path.relative_to(ROOT)) for path in TREES if OF_A_PROCESS.search(texts_of(path))}
    assert saying - NO_LIMIT == MODULES & saying
    assert saying >= NO_LIMIT
    assert len(saying) > 12


def test_every_module_on_the_page_says_it_too() -> None:
    """In a docstring or a comment, whoever changes it reads that."""
    assert {name for name in MODULES if not OF_A_PROCESS.search(texts_of(ROOT / name))} == set()


def texts_of(path: Path) -> str:
    """Return the docstrings and comments of a file, on one line."""
    text = path.read_text()
    nodes = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    docs = [ast.get_docstring(node) or "" for node in nodes]
    return re.sub(r"\s+", " ", " ".join([*docs, *re.findall(r"#.*", text)]))
