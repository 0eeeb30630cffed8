"""Generates the bill of materials of the package, as CycloneDX: the wheels that it carries, and the relay's version."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.package import ROOT
from tools.package.lock import LOCK, pins_of
from tools.package.sources import version_in
from tools.package.wheels import WHEELS, provide, sha256

DESCRIPTION = "Delivers changes of Microsoft 365 calendars to a partner, from the customer's own tenant"


def build_bill(target: Path, *, wheels: Path = WHEELS, lock: Path = LOCK) -> None:
    """Validate and write it. It has no serial number or time, so the same requirements give the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        carried, project = Path(folder, "requirements.txt"), Path(folder, "pyproject.toml")
        carried.write_text(_carried(wheels, lock), encoding="utf-8")
        project.write_text(_project(), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", str(carried)]
        command += ["--pyproject", str(project), "--mc-type", "application", "--output-reproducible"]
        command += ["--validate", "--spec-version", "1.6", "--output-format", "JSON", "--output-file", str(target)]
        subprocess.run(command, check=True, capture_output=True)


def _carried(wheels: Path, lock: Path) -> str:
    """Return the pins, each with the hash of the wheel that the package carries, not of every file of its release."""
    digests = {sha256(path) for path in provide(wheels, lock)}
    pins = [(pin, next(iter(pin.hashes & digests))) for pin in pins_of(lock)]
    return "".join(f"{pin.name}=={pin.version} --hash=sha256:{digest}\n" for pin, digest in pins)


def _project() -> str:
    """Return the relay's name, description, licence and version, as a pyproject.toml."""
    version = version_in((ROOT / "shared" / "version.py").read_text(encoding="utf-8"))
    fields = {"name": "calendar-relay", "version": version, "description": DESCRIPTION, "license": "MIT"}
    return "[project]\n" + "".join(f"{name} = {json.dumps(text)}\n" for name, text in fields.items())
