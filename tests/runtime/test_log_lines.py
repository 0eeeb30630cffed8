"""Lines of the product's threads reach Application Insights on Python 3.13, by Microsoft's own runtime library."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.version import VERSION
from tests.architecture.test_house import TREES

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / ".venv-runtime"
OF_THE_PROCESS = {
    "change",
    "lookup",
}  # pools that live as long as the process: shared/bootstrap, shared/http/resolver.py
POSITIONS = {"pool": 1, "side_by_side": 3}  # of the pool's name among the arguments

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not (RUNTIME / "ready").exists(), reason="no Python 3.13: make .venv-runtime/ready"),
]


def pool_names(function: str) -> set[str]:
    """Return the names of the pools that the product starts with a function of shared/threads.py."""
    calls = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [call.args[POSITIONS[function]] for call in calls if ast.unparse(call.func) == function]
    return {str(ast.literal_eval(argument)) for argument in named}


POOLS = pool_names("side_by_side")


def run(folder: Path, *names: str) -> dict[str, Any]:
    """Call functions of an app on Python 3.13, each with its name as the invocation id."""
    command = [str(RUNTIME / "bin" / "python"), str(ROOT / "tests/runtime/worker.py"), str(folder), *names]
    environ = {"PATH": os.environ["PATH"], "POOLS": ",".join(sorted(POOLS)), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    printed: dict[str, Any] = json.loads(ended.stdout)
    return printed


@pytest.fixture(scope="module")
def lines() -> dict[str, list[dict[str, Any]]]:
    """The lines of the test app by their texts; its functions ran at the same time."""
    printed = run(ROOT / "tests/runtime/app", "threads", "coroutine", "foreign_pool", "unjoined_coroutine")
    by_text: dict[str, list[dict[str, Any]]] = {}
    for line in printed["lines"]:
        by_text.setdefault(line["text"], []).append(line)
    return by_text


def test_the_product_has_no_other_pools() -> None:
    """Each pool of the process is used by the test app, and those of one call have names."""
    assert pool_names("pool") == OF_THE_PROCESS
    assert len(POOLS) > 5


@pytest.mark.parametrize("pool", sorted(POOLS | OF_THE_PROCESS))
def test_a_line_of_a_pool_is_kept(pool: str, lines: dict[str, list[dict[str, Any]]]) -> None:
    """With the id of the invocation that gave the work to the pool."""
    assert {(line["invocation"], line["kept"]) for line in lines[pool]} == {("threads", True)}
    assert all(line["thread"].startswith(f"{pool}_") for line in lines[pool])


def test_lines_of_background_threads_are_kept(lines: dict[str, list[dict[str, Any]]]) -> None:
    """While the invocation runs that started them: a `def` function, or a coroutine."""
    found = [(line["invocation"], line["kept"]) for line in [*lines["background"], *lines["to_thread"]]]
    assert sorted(found) == [("coroutine", True), ("coroutine", True), ("threads", True)]


@pytest.mark.parametrize("text", ["foreign", "unjoined"])
def test_without_the_context_a_line_is_lost(text: str, lines: dict[str, list[dict[str, Any]]]) -> None:
    """Of a pool that copies no context, and of a coroutine that has not joined its invocation."""
    assert [(line["invocation"], line["kept"]) for line in lines[text]] == [(None, False)]


def test_the_app_is_indexed_and_answers_the_handshake() -> None:
    """By the library itself. The record of the handshake, which fails without settings, has the invocation's id."""
    printed = run(ROOT, "receive_notifications")
    assert {"receive_notifications", "deliver_changes", "renew_subscriptions", "health"} <= set(printed["functions"])
    [line] = [line for line in printed["lines"] if line["text"].startswith("A handshake could not be recorded")]
    assert line["invocation"] == "receive_notifications"
    assert line["thread"] != "MainThread"


def test_the_first_invocation_logs_what_runs() -> None:
    """Also if it is a handshake, whose other lines the host drops; each line ends with the version."""
    lines = run(ROOT, "receive_notifications")["lines"]
    started = [line["kept"] for line in lines if line["text"].startswith("relay.start version=")]
    assert started == [True]
    assert all(line["text"].endswith(f" v={VERSION}") for line in lines)
