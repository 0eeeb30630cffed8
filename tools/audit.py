"""Checks the pinned requirements for known vulnerabilities: `python -m tools.audit` queries osv.dev.

Exits with 1 for a known vulnerability. Where osv.dev is unreachable it says so, and exits with 0, or with 2 given
`--must-answer`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.process import ROOT

REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-cli.txt")  # of the app, and of the command line
OSV = "https://api.osv.dev/v1/query"
UNREACHABLE = 2


class UnreachableError(Exception):
    """The database could not be reached; the text says why."""


def vulnerabilities(requirements: Path, address: str) -> tuple[int, list[str]]:
    """Return the number of checked packages, and a line for each finding. Raises UnreachableError, ValueError."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "-r", str(requirements), "--require-hashes"]
    command += ["--disable-pip", "-s", "osv", "--osv-url", address, "-f", "json", "--progress-spinner", "off"]
    process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if not process.stdout.startswith("{"):
        reason = (process.stderr.strip().splitlines() or ["no output"])[-1]
        if reason.startswith(("requests.", "pip_audit._service.")):
            raise UnreachableError(reason.partition(":")[0])
        raise ValueError(reason)
    packages: list[dict[str, Any]] = json.loads(process.stdout)["dependencies"]
    return len(packages), [
        f"{package['name']} {package['version']}: {entry['id']}, "
        f"fixed in {', '.join(entry['fix_versions']) or 'no version'}"
        for package in packages
        for entry in package.get("vulns", [])
    ]


def main(files: tuple[Path, ...] = REQUIREMENTS, address: str = OSV, *, must_answer: bool = False) -> int:
    """Run the audit of each file, print the results, and return the exit code."""
    codes = {_audit(path, address) for path in files}
    if 1 in codes:
        return 1
    return UNREACHABLE if must_answer and UNREACHABLE in codes else 0


def _audit(path: Path, address: str) -> int:
    try:
        number, findings = vulnerabilities(path, address)
    except UnreachableError as error:
        print(f"{path.name}: nothing was checked, because {address} cannot be reached from here ({error})")
        return UNREACHABLE
    print("\n".join([*findings, f"{path.name}: {number} packages, {len(findings)} known vulnerabilities"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(must_answer="--must-answer" in sys.argv[1:]))
