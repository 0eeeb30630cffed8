"""Downloads the wheels that requirements-app.txt pins, and checks them again at every build."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from tools.package import DIST, PackageError
from tools.package.lock import Pin, normalized, pins_of

WHEELS = DIST / "wheels"
# glibc 2.28 is the newest that a dependency builds for; the Linux of Flex Consumption has a newer glibc.
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)] + ["manylinux2014_x86_64"]


def provide(wheels: Path, lock: Path) -> list[Path]:
    """Return the wheels of the lock, sorted; download them if the folder is not of this lock.

    Raises PackageError: nothing is installed, no source distribution is built, and every hash is checked.
    """
    if not _is_ready(wheels, lock):
        print(f"{wheels.name}: downloading what {lock.name} pins ...", flush=True)
        beside = wheels.with_name(f"{wheels.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        _download(beside, lock)
        checked(beside, pins_of(lock))
        _stamp(beside).write_text(_digest(lock), encoding="ascii")
        shutil.rmtree(wheels, ignore_errors=True)
        beside.rename(wheels)
    return checked(wheels, pins_of(lock))


def checked(wheels: Path, pins: list[Pin]) -> list[Path]:
    """Return the wheels of a folder, sorted. Raises PackageError unless each pin has one, and its hash."""
    paths = sorted(wheels.glob("*.whl"))
    by_name = {(normalized(words[0]), words[1]): path for path in paths if len(words := path.name.split("-")) > 1}
    for pin in pins:
        path = by_name.get((pin.name, pin.version))
        if path is None:
            raise PackageError(f"{wheels} has no wheel of {pin.name} {pin.version}: delete the folder and build again")
        if sha256(path) not in pin.hashes:
            raise PackageError(f"{path} is not the file whose hash is pinned: delete {wheels} and build again")
    if len(paths) != len(pins):
        raise PackageError(f"{wheels} has other wheels than those pinned: delete the folder and build again")
    return paths


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _download(target: Path, lock: Path) -> None:
    """Run pip. Raises PackageError with its last lines."""
    if importlib.util.find_spec("pip") is None:
        raise PackageError(
            f"{sys.executable} has no pip. Install it, or put calendar-relay.zip and SHA256SUMS of a release into "
            "dist/release"
        )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--python-version", "3.13", "--implementation", "cp"]
    command += ["--abi", "cp313", "--abi", "abi3", "--abi", "none"]
    command += [argument for platform in PLATFORMS for argument in ("--platform", platform)]
    command += ["--dest", str(target), "--requirement", str(lock)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise PackageError("pip download failed:\n" + "\n".join(process.stderr.strip().splitlines()[-5:]))


def _is_ready(wheels: Path, lock: Path) -> bool:
    stamp = _stamp(wheels)
    return stamp.is_file() and stamp.read_text(encoding="ascii") == _digest(lock)


def _stamp(wheels: Path) -> Path:
    """Return the file that is written last; `make` compares its time with the lock's."""
    return wheels / "ready"


def _digest(lock: Path) -> str:
    """Return the SHA-256 of the lock's text, the same with either kind of line ends."""
    return hashlib.sha256(lock.read_text(encoding="utf-8").encode()).hexdigest()
