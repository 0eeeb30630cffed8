"""Checks the deployed requirements for known vulnerabilities: `python -m tools.audit` queries osv.dev.

Exits with 1 for a known vulnerability; with 0 for none, and also, with a message, when osv.dev is unreachable.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.process import ROOT

REQUIREMENTS = ROOT / "requirements.txt"
OSV = "https://api.osv.dev/v1/query"


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


def main(requirements: Path = REQUIREMENTS, address: str = OSV) -> int:
    """Run the audit, print the result, and return the exit code."""
    try:
        number, findings = vulnerabilities(requirements, address)
    except UnreachableError as error:
        print(f"audit: nothing was checked, because {address} cannot be reached from here ({error})")
        return 0
    print("\n".join([*findings, f"audit: {number} packages, {len(findings)} known vulnerabilities"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
