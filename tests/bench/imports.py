"""The cost of indexing the app beyond the import of azure.functions, which every app pays."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from sandbox.process import ROOT
from tests.bench.report import Row

RUNS = 9


def measure() -> Iterator[Row]:
    """Alternate, and compare the fastest of each: noise only adds."""
    times: dict[str, list[float]] = {"pass": [], "import azure.functions": [], "import function_app": []}
    for _ in range(RUNS):
        for code, taken in times.items():
            taken.append(_seconds(code))
    nothing, library, app = (min(taken) for taken in times.values())
    yield Row("import of function_app over azure.functions", (app - nothing) / (library - nothing), 1.1, lower=True)


def _seconds(code: str) -> float:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)
    return time.perf_counter() - start
