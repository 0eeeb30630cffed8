"""Fills dist/app, the folder that azd deploys, from the sources and wheels or from a release's zip."""

import shutil
import tempfile
from pathlib import Path

from tools.package import ROOT, SITE_PACKAGES, bytecode, manifest, wheels
from tools.package.archive import unpack_release
from tools.package.lock import LOCK
from tools.package.sources import commit_of, sources
from tools.package.unpack import unpack


def build_app(target: Path, *, root: Path = ROOT, lock: Path = LOCK, folder: Path = wheels.WHEELS,
              python: Path | None = None) -> None:  # fmt: skip
    """Build the package in a folder from the sources and the wheels. Raises PackageError.

    `python` is the Python 3.13 that compiles; without it the package has no bytecode.
    """
    beside = _emptied(target)
    for wheel in wheels.provide(folder, lock):
        unpack(wheel, beside / SITE_PACKAGES)
    for name in sources(root):
        path = beside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, path)
    compiled_by = bytecode.compile_all(beside, python) if python else None
    manifest.write(beside, commit=commit_of(root), python=compiled_by)
    _complete(beside, target)


def take_release(release: Path, target: Path, root: Path = ROOT) -> None:
    """Put the package of a release's zip into a folder. Raises PackageError."""
    beside = _emptied(target)
    unpack_release(release, beside, root)
    _complete(beside, target)


def _emptied(target: Path) -> Path:
    """Remove the earlier package, and return an empty folder beside it.

    A build that fails or is killed leaves no folder that azd would deploy: neither a half package nor an old one. So
    the earlier package is renamed before its files are removed.
    """
    beside, old = target.with_name(f"{target.name}.new"), target.with_name(f"{target.name}.old")
    old.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(Path(tempfile.mkdtemp(dir=old), target.name))
    for folder in (old, beside):
        if folder.exists():
            shutil.rmtree(folder)
    beside.mkdir(parents=True)
    return beside


def _complete(beside: Path, target: Path) -> None:
    (beside / manifest.FUNCIGNORE).write_bytes(b"")
    beside.rename(target)
