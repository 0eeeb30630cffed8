"""A cold start of the package with and without bytecode, on a Python 3.13 that has nothing else.

The host mounts the package read-only, so Python writes no bytecode there: -B.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.report import Row
from tests.support.python_313 import python_313
from tools.package import SITE_PACKAGES
from tools.package.app import build_app

RUNS = 9
INDEX = "import function_app; functions = function_app.app.get_functions()"
HEALTH = f"""{INDEX}
import azure.functions
by_name = {{function.get_function_name(): function for function in functions}}
by_name["health"].get_user_function()(azure.functions.HttpRequest("GET", "/", body=b""))
"""


def measure() -> Iterator[Row]:
    """Alternate, and compare the medians."""
    python = python_313()
    if python is None:
        return
    with tempfile.TemporaryDirectory(prefix="calendar-relay-bench-") as folder:
        compiled, plain = Path(folder, "compiled"), Path(folder, "plain")
        build_app(compiled, python=python)
        build_app(plain)
        for name, code in (("indexing", INDEX), ("first response of /api/health", HEALTH)):
            times: dict[Path, list[float]] = {compiled: [], plain: []}
            for _ in range(RUNS):
                for app, taken in times.items():
                    taken.append(_seconds(python, app, code))
            fast, slow = median(times[compiled]), median(times[plain])
            yield Row(f"package: {name}, with bytecode", fast, None, "s")
            yield Row(f"package: {name}, without bytecode over with", slow / fast, 1.5)


def _seconds(python: Path, app: Path, code: str) -> float:
    paths = f"import sys; sys.path.insert(0, {str(app / SITE_PACKAGES)!r}); sys.path.append({str(app)!r})\n"
    start = time.perf_counter()
    subprocess.run([str(python), "-I", "-S", "-B", "-c", paths + code], env={}, check=True)
    return time.perf_counter() - start
