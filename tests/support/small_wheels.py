"""Small wheels, and the lock that pins them: what the package's builder reads, in a few bytes."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

from tools.package.wheels import sha256


def write_wheel(folder: Path, name: str, files: dict[str, str], *, record: dict[str, str] | None = None) -> Path:
    """Write a wheel of version 1.0 with these files, and a RECORD of `record` (by default of the files)."""
    info = f"{name}-1.0.dist-info"
    metadata = {f"{info}/WHEEL": "Wheel-Version: 1.0\n", f"{info}/METADATA": f"Name: {name}\nVersion: 1.0\n"}
    lines = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in ((record or files) | metadata).items()]
    path = folder / f"{name}-1.0-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in (files | metadata).items():
            archive.writestr(file, text)
        archive.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,"]))
    return path


def write_lock(path: Path, *wheels: Path) -> Path:
    """Write a requirements file that pins these wheels by their hashes."""
    pins = [(wheel.name.split("-")[0], sha256(wheel)) for wheel in wheels]
    path.write_text("".join(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n    # via\n" for name, digest in pins))
    return path


def stamp(folder: Path, lock: Path) -> None:
    """Mark a folder as downloaded for a lock, so that no build asks pip."""
    (folder / "ready").write_text(sha256(lock))


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
