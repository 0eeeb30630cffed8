"""Runs an earlier version of the relay in a process of its own, on what the present version stored."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class EarlierVersion:
    """The code of a commit, unpacked into a folder. Raises RuntimeError in a clone without the commit."""

    def __init__(self, commit: str, folder: Path) -> None:
        self._folder = folder
        archive = subprocess.run(
            ["git", "-C", str(ROOT), "archive", commit, "shared", "tests/support"],  # noqa: S607
            capture_output=True, check=False,
        )  # fmt: skip
        if archive.returncode != 0:
            raise RuntimeError(
                f"This clone lacks the commit {commit}, whose code reads what the present one stores. "
                "Fetch it: git fetch --unshallow origin || git fetch --depth=1000000 origin"
            )
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        (folder / "tests/support/version_run.py").write_text((ROOT / "tests/support/version_run.py").read_text())

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        """Run a case (tests/support/version_run.py), and return what remains."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.version_run"],
            cwd=self._folder, input=json.dumps(case), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        left: dict[str, Any] = json.loads(done.stdout)
        return left
