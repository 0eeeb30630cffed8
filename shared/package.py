"""What the package says of itself: MANIFEST.sha256 and BUILD.json, which `make package` writes beside function_app.py.

MANIFEST.sha256 has a line "<SHA-256>  <path>" for each file except bytecode, sorted, as `sha256sum -c` reads it. The
SHA-256 of its bytes is the package hash. BUILD.json has the commit. A checkout has neither.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from shared.version import VERSION

ROOT = Path(__file__).parents[1]
MANIFEST, BUILD = "MANIFEST.sha256", "BUILD.json"
SHORT_DIGITS = 8
_COMMIT = re.compile("[0-9a-f]{6,64}(-dirty)?")
NO_PACKAGE = "no package: runs from a checkout"


@dataclass(frozen=True, slots=True)
class Package:
    """A package; `manifest` is the text of its manifest, `hash` and `commit` are empty in a checkout.

    A commit ends in "-dirty" if the sources differed from it.
    """

    hash: str = ""
    commit: str = ""
    manifest: str = ""

    @property
    def short_hash(self) -> str:
        """The first eight digits of the hash, by which a deployment is compared with a release."""
        return self.hash[:SHORT_DIGITS]

    def __str__(self) -> str:
        """Return version, commit and short hash, for people."""
        if not self.hash:
            return f"{VERSION}, {NO_PACKAGE}"
        commit = self.commit[:12] + ("-dirty" if self.commit.endswith("-dirty") else "")
        return f"{VERSION}, commit {commit or 'unknown'}, package {self.short_hash}"


@cache
def package() -> Package:
    """Return the package that this process runs from. Reads the two files at the first call."""
    return read_package(ROOT)


def read_package(folder: Path) -> Package:
    """Return the package in a folder. Without a readable manifest, it is a checkout. Never raises."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
        return Package(sha256(manifest).hexdigest(), _commit(folder / BUILD), manifest.decode())
    except (OSError, ValueError):
        return Package()


def _commit(file: Path) -> str:
    """Return the commit in BUILD.json, or an empty text if there is none: the files count, not what is said of them."""
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    commit = content.get("commit") if isinstance(content, dict) else None
    return commit if isinstance(commit, str) and _COMMIT.fullmatch(commit) else ""
