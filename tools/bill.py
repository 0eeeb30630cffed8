"""The bill of materials of what is deployed, as CycloneDX, from the pinned requirements."""

import subprocess
import sys
from pathlib import Path

from sandbox.process import ROOT


def build_bill(target: Path) -> None:
    """Write it: the same bytes for the same requirements, without a serial number or a time. It is validated first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", str(ROOT / "requirements.txt")]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application", "--output-reproducible"]
    command += ["--validate", "--spec-version", "1.6", "--output-format", "JSON", "--output-file", str(target)]
    subprocess.run(command, check=True, capture_output=True)
