"""Run calls of docs/examples in Python or in Node, each against its own scenario of prepared answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.process import ROOT
from tests.support.example_calls import ExampleCall
from tests.support.example_server import Scenario, prepared

EXAMPLES, SUPPORT = ROOT / "docs" / "examples", ROOT / "tests" / "support"


@dataclass
class Run:
    """A call of an example with a credential, and how it ended."""

    call: ExampleCall
    scenario: Scenario
    credential: Mapping[str, Any]
    end: Mapping[str, Any]


def ended(language: str, runs: Iterable[tuple[ExampleCall, Scenario, Mapping[str, Any]]]) -> list[Run]:
    """Call each example once, in one process, and return how it ended: `result` or `error`, and `waits`."""
    runs = list(runs)
    with prepared({str(number): scenario for number, (_, scenario, _) in enumerate(runs)}) as origin:
        calls = [
            called(language, call, f"{origin}/{number}", credential)
            for number, (call, _, credential) in enumerate(runs)
        ]
        ends = in_language(language, calls)
    return [Run(*run, end) for run, end in zip(runs, ends, strict=True)]


def called(language: str, call: ExampleCall, url: str, credential: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call at a relay, as in_language takes it."""
    function = call.python if language == "python" else call.node
    return {"url": url, "file": call.file, "function": function, "arguments": call.arguments, "credential": credential,
            "hasty": True}  # fmt: skip


def in_language(
    language: str, calls: list[dict[str, Any]], environment: Mapping[str, str] | None = None, limit: float = 300
) -> list[Any]:
    """Carry out calls one after another in one process, and return how they ended. Those that are hasty do not wait.

    Raises TimeoutExpired after `limit` seconds.
    """
    program, script = (sys.executable, "run_examples.py") if language == "python" else (_node(), "run_examples.mjs")
    run = subprocess.run(
        [program, str(SUPPORT / script)], cwd=EXAMPLES, input=json.dumps(calls), env=environment, text=True,
        capture_output=True, timeout=limit, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    ends: list[Any] = json.loads(run.stdout)
    return ends


def printed_by(language: str, lines: str) -> str:
    """Run lines beside the examples, and return what they print."""
    command = [sys.executable, "-c", lines] if language == "python" else [_node(), "--input-type=module", "-e", lines]
    run = subprocess.run(command, cwd=EXAMPLES, text=True, capture_output=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def _node() -> str:
    node = shutil.which("node")
    assert node is not None
    return node
