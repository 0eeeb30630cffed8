"""Generates the bill of materials of the deployed requirements, as CycloneDX."""

import subprocess
import sys
from pathlib import Path

from sandbox.process import ROOT


def build_bill(target: Path) -> None:
    """Validate and write it. It has no serial number or time, so the same requirements give the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", str(ROOT / "requirements.txt")]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application", "--output-reproducible"]
    command += ["--validate", "--spec-version", "1.6", "--output-format", "JSON", "--output-file", str(target)]
    subprocess.run(command, check=True, capture_output=True)
