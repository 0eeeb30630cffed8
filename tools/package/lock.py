"""Reads requirements-app.txt: what the package carries, without markers, for Python 3.13 on Linux x86_64.

pip evaluates markers with the Python that runs it, not with --python-version: `make lock` evaluates them instead.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tools.package import ROOT, PackageError

LOCK = ROOT / "requirements-app.txt"
_LINE = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)((?:\s+--hash=sha256:[0-9a-f]{64})+)\s*")


@dataclass(frozen=True)
class Pin:
    """A pinned distribution: its normalized name, its version, and the SHA-256 of each of its files."""

    name: str
    version: str
    hashes: frozenset[str]


def pins_of(lock: Path) -> list[Pin]:
    """Return the pins. Raises PackageError for a line without a version or a hash, or with a marker."""
    lines = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [_pin(line, lock) for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _pin(line: str, lock: Path) -> Pin:
    match = _LINE.fullmatch(line)
    if match is None:
        raise PackageError(f"{lock.name} is not as `make lock` writes it: {line[:80]}")
    return Pin(normalized(match[1]), match[2], frozenset(re.findall(r"[0-9a-f]{64}", match[3])))


def normalized(name: str) -> str:
    """Return a distribution's name as Python's packaging guide normalizes it."""
    return re.sub(r"[-_.]+", "-", name).lower()
