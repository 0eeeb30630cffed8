"""Each kind of job goes on the queue whose readers know it, also while an earlier version runs beside this one."""

from __future__ import annotations

import ast
import re

from sandbox.process import ROOT
from shared.messages import JOB_KINDS, REPAIR_KINDS, WORK_KINDS
from tests.architecture.trees import tree_of

FUNCTIONS = [
    (path.stem, node) for path in sorted((ROOT / "shared").rglob("*.py")) for node in ast.walk(tree_of(path))
    if isinstance(node, ast.FunctionDef) and path.stem != "messages"  # which reads and writes the jobs of others
]  # fmt: skip


def kinds_in(function: ast.FunctionDef) -> set[str]:
    """Return the kinds of the jobs that a function makes."""
    made = [node for node in ast.walk(function) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Job"]
    return {
        node.value for call in made for argument in call.args[1:2] for node in ast.walk(argument)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }  # fmt: skip


def queues_in(function: ast.FunctionDef) -> set[str]:
    """Return the queues of jobs that a function writes to."""
    return set(re.findall(r"\b(jobs|work)\.send\(", ast.unparse(function)))


def test_new_kinds_are_never_put_on_the_queue_that_earlier_versions_read() -> None:
    """They would take such a job for a removed subscription, and delete a living one."""
    seen = set()
    for name, function in FUNCTIONS:
        kinds, queues = kinds_in(function), queues_in(function)
        seen |= kinds
        if kinds & WORK_KINDS:
            assert (kinds - WORK_KINDS, queues) == (set(), {"work"}), f"{name}.{function.name}"
        elif kinds:
            assert queues <= {"jobs"}, f"{name}.{function.name}"
    assert seen >= WORK_KINDS
    assert seen <= JOB_KINDS


def test_the_kinds_of_the_two_queues_are_different() -> None:
    """So that a kind says which queue it belongs to."""
    assert not REPAIR_KINDS & WORK_KINDS
