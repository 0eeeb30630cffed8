"""Finds a Python 3.13, the app's version, and lets it compile the package's modules."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tools.package import PackageError
from tools.package import compile_sources as script

_WHERE = "import sys; print(sys.executable if sys.version_info[:2] == (3, 13) else '')"


@cache
def python_313() -> Path | None:
    """Return the path of a Python 3.13 of this computer, None if there is none. Nothing is installed."""
    if sys.version_info[:2] == (3, 13):
        return Path(sys.executable)
    for command, environ in _candidates():
        process = subprocess.run([*command, "-c", _WHERE], env=environ, capture_output=True, text=True, check=False)
        if process.returncode == 0 and process.stdout.strip():
            return Path(process.stdout.strip())
    return None


def _candidates() -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield commands that may start a Python 3.13, with their environment."""
    environ = dict(os.environ)
    if launcher := shutil.which("py"):
        yield [launcher, "-3.13"], environ  # Windows
    if name := shutil.which("python3.13"):
        yield [name], environ
        # pyenv's shim of a version that is not selected exits with 127; PYENV_VERSION selects it.
        for version in _pyenv_versions():
            yield [name], environ | {"PYENV_VERSION": version}


def _pyenv_versions() -> list[str]:
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return []
    process = subprocess.run([pyenv, "versions", "--bare"], capture_output=True, text=True, check=False)
    return [line.strip() for line in process.stdout.splitlines() if line.strip().startswith("3.13.")]


def compile_all(app: Path, python: Path) -> str:
    """Compile every module below a folder, and return the version of the Python that did. Raises PackageError.

    Isolated (-I -S): no variable and no module of this computer changes the bytecode.
    """
    command = [str(python), "-I", "-S", "-W", "ignore", str(Path(script.__file__).resolve()), str(app.resolve())]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise PackageError(f"{python} cannot compile the package:\n{process.stderr.strip()}")
    return process.stdout.strip()
