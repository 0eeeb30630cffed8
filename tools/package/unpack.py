"""Unpacks wheels, with fewer files than pip writes, and the same bytes at every build ("Binary distribution format").

What is left out: commands (*.data/scripts, and what entry_points.txt would create), headers and data for other
folders, which nothing in the app reads; bytecode, which is compiled afterwards; and pip's own notes (INSTALLER,
REQUESTED, direct_url.json), because they differ between installations.
"""

import base64
import csv
import hashlib
import zipfile
from pathlib import Path, PurePosixPath

from tools.package import PackageError

SCHEMES = ("purelib", "platlib")  # the folders of *.data that belong into site-packages
# A dependency with one of these would hide the app's module (its folder is last in sys.path) or the worker's.
RESERVED = {
    "shared", "functions", "function_app", "proxy_worker", "azure_functions_worker", "azure_functions_runtime",
    "azure_functions_runtime_v1", "azurefunctions", "google", "grpc",
}  # fmt: skip


def unpack(wheel: Path, target: Path) -> None:
    """Write a wheel's files below a folder.

    Raises PackageError if a file differs from RECORD or from that of another wheel, or has a name that must not be.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        hashes = _record(archive, names, wheel)
        for name in sorted(names):
            content = archive.read(name)
            _check(name, content, hashes, wheel)
            path = installed_at(name)
            if path is not None:
                _write(target / path, content, wheel)


def installed_at(name: str) -> PurePosixPath | None:
    """Return where a wheel's file belongs below site-packages, None if it is left out. Raises PackageError."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise PackageError(f"a wheel has a file outside its folder: {name}")
    if path.parts[0].endswith(".data"):
        if len(path.parts) < 3 or path.parts[1] not in SCHEMES:
            return None
        path = PurePosixPath(*path.parts[2:])
    top = path.parts[0].split(".")[0]
    if top in RESERVED:
        raise PackageError(f"{name}: a dependency must not have a top-level module `{top}`")
    if len(path.parts) == 1 and path.suffix == ".pth":
        raise PackageError(f"{name}: the worker runs no .pth file, so this dependency would not work")
    return None if path.suffix == ".pyc" else path


def _record(archive: zipfile.ZipFile, names: list[str], wheel: Path) -> dict[str, str]:
    """Return the hash of each file that RECORD lists."""
    records = [name for name in names if name.count("/") == 1 and name.endswith(".dist-info/RECORD")]
    if len(records) != 1:
        raise PackageError(f"{wheel.name} has {len(records)} files RECORD")
    rows = list(csv.reader(archive.read(records[0]).decode().splitlines()))
    hashes = {row[0]: row[1] for row in rows if row}
    missing = {name for name in hashes if not name.endswith("/")} - set(names)
    if missing:
        raise PackageError(f"{wheel.name} lacks {sorted(missing)[0]}, which its RECORD lists")
    return hashes


def _check(name: str, content: bytes, hashes: dict[str, str], wheel: Path) -> None:
    if PurePosixPath(name).name in ("RECORD", "RECORD.jws", "RECORD.p7s") and ".dist-info/" in name:
        return  # RECORD cannot state its own hash
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    if hashes.get(name) != f"sha256={digest}":
        raise PackageError(f"{wheel.name}: {name} differs from the wheel's RECORD")


def _write(path: Path, content: bytes, wheel: Path) -> None:
    if path.exists() and path.read_bytes() != content:
        raise PackageError(f"{wheel.name} and another wheel have different files {path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
