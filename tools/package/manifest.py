"""MANIFEST.sha256, which names every file of the package with its hash, and BUILD.json, which says how it was built.

Bytecode is in neither: it depends on the Python that compiled it, and a package without it has the same manifest.
`sha256sum -c MANIFEST.sha256` checks an unpacked package.
"""

import hashlib
import json
from pathlib import Path

from tools.package import PackageError

MANIFEST = "MANIFEST.sha256"
BUILD = "BUILD.json"
FUNCIGNORE = ".funcignore"  # empty, in the folder only: without it azd leaves out every __pycache__
_UNLISTED = (MANIFEST, BUILD, FUNCIGNORE)


def files_of(app: Path) -> list[str]:
    """Return the sorted paths of all files of the package, with slashes; .funcignore is not part of it."""
    paths = (path.relative_to(app).as_posix() for path in app.rglob("*") if path.is_file())
    return sorted(path for path in paths if path != FUNCIGNORE)


def manifest_of(app: Path) -> str:
    """Return the manifest of a folder's files: lines "<sha256>  <path>", sorted by path. Raises PackageError."""
    listed = [path for path in files_of(app) if path not in _UNLISTED and not path.endswith(".pyc")]
    strange = [path for path in listed if not path.isprintable() or "\\" in path]
    if strange:
        raise PackageError(f"sha256sum cannot read this name in a manifest: {strange[0]!a}")
    return "".join(f"{hashlib.sha256((app / path).read_bytes()).hexdigest()}  {path}\n" for path in listed)


def write(app: Path, *, commit: str | None, python: str | None) -> None:
    """Write both files; `python` is the version that compiled the bytecode, None if there is none."""
    (app / MANIFEST).write_bytes(manifest_of(app).encode())
    (app / BUILD).write_bytes((json.dumps({"commit": commit, "python": python}, indent=2) + "\n").encode())


def check(app: Path) -> None:
    """Raise PackageError if the folder's files are not those of its manifest, or BUILD.json is missing."""
    if not (app / BUILD).is_file():
        raise PackageError(f"{app / BUILD} is missing")
    if not (app / MANIFEST).is_file() or (app / MANIFEST).read_bytes() != manifest_of(app).encode():
        raise PackageError(f"the files of {app} are not those of its {MANIFEST}")


def package_hash(app: Path) -> str:
    """Return the hash by which a package is compared with what runs: the SHA-256 of its manifest, in hex."""
    return hashlib.sha256((app / MANIFEST).read_bytes()).hexdigest()
