"""The sources that ship: an allow-list, so that nothing ships by accident. Git is not needed to read it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.package import PackageError

FILES = (
    "LICENSE", "function_app.py", "host.json", "requirements.txt", "shared/graph_roles.json", "shared/openapi-1.json",
    "shared/openapi.json", "shared/problems.json",
)  # fmt: skip
FOLDERS = ("functions", "shared")  # of these, the modules
_BUILT_WITH = ("requirements-app.txt", "tools/package")  # decide about the rest of the package


def sources(root: Path) -> list[str]:
    """Return the sorted paths of the files that ship, with slashes, relative to the root. Raises PackageError."""
    missing = [name for name in FILES if not (root / name).is_file()]
    if missing:
        raise PackageError(f"{root / missing[0]} is missing")
    return sorted([*FILES, *(path.relative_to(root).as_posix() for path in _modules(root))])


def _modules(root: Path) -> Iterator[Path]:
    """Yield the files that can be imported: an editor's copies, for example in .ipynb_checkpoints, cannot."""
    for folder in FOLDERS:
        for path in (root / folder).rglob("*.py"):
            if all(part.isidentifier() for part in path.relative_to(root).with_suffix("").parts):
                yield path


def version_in(text: str) -> str:
    """Return the version that the text of shared/version.py states. Raises PackageError."""
    match = re.search(r'^VERSION = "([^"]+)"', text, re.MULTILINE)
    if match is None:
        raise PackageError("shared/version.py states no VERSION")
    return match[1]


def commit_of(root: Path) -> str | None:
    """Return the commit of sources, lock and builder, ending in `-dirty` if they differ from it; None without git."""
    try:
        # A release's sources can lie inside another repository, whose commit says nothing about them.
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return None
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", *FILES, *FOLDERS, *_BUILT_WITH)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}-dirty" if changed else commit


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
