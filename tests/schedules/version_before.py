"""The version before, under a package name of its own, unpacked from git: it is one of the workers."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMIT = "6ddf596"
PACKAGE = "shared_before"
FOLDER = "SCHEDULES_BEFORE"  # names a folder that holds the package already
_IMPORT = re.compile(r"^(\s*(?:from|import) )shared\b", re.MULTILINE)
# What is replaced: threads by work in order, and an order that differs with PYTHONHASHSEED by one that does not.
_REPLACED = {
    "from concurrent.futures import Executor, ThreadPoolExecutor":
        "from concurrent.futures import Executor\nfrom tests.schedules.inline import Inline as ThreadPoolExecutor",
    "for room in match.rooms or ():": "for room in sorted(match.rooms or ()):",
}  # fmt: skip


@cache
def folder() -> str:
    """Return a folder that holds the package. Raises RuntimeError in a clone without its commit."""
    given = os.environ.get(FOLDER)
    if given is not None:
        return given
    made = tempfile.mkdtemp(prefix="schedules-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    unpack(Path(made))
    return made


@cache
def installed() -> str:
    """Make the package importable, and return its name. Raises RuntimeError in a clone without its commit."""
    sys.path.append(folder())
    return PACKAGE


def unpack(target: Path, commit: str = COMMIT, repository: Path = ROOT, package: str = PACKAGE) -> None:
    """Write the package of a commit into a folder, under another name."""
    archive = subprocess.run(
        ["git", "-C", str(repository), "archive", commit, "shared"],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if archive.returncode != 0:
        raise RuntimeError(
            f"This clone lacks the commit {commit} of the version before, which the schedules run side by side with "
            "the present one. Fetch it: git fetch --unshallow origin || git fetch --depth=1000000 origin"
        )
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(target, filter="data")
    unpacked = (target / "shared").rename(target / package)
    for path in unpacked.rglob("*.py"):
        text = _IMPORT.sub(rf"\1{package}", path.read_text())
        for old, new in _REPLACED.items():
            text = text.replace(old, new)
        path.write_text(text)
