"""Known vulnerabilities of what is deployed: `python -m tools.audit` asks osv.dev about requirements.txt.

1 when it knows one. 0 when it knows none, and also, said plainly, when it cannot be asked.
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
    """The database could not be asked; the text says why."""


def vulnerabilities(requirements: Path, address: str) -> tuple[int, list[str]]:
    """Return how many packages were asked about, and a line for each finding. Raises NotAskedError, ValueError."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "-r", str(requirements), "--require-hashes"]
    command += ["--disable-pip", "-s", "osv", "--osv-url", address, "-f", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if not done.stdout.startswith("{"):
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        if why.startswith(("requests.", "pip_audit._service.")):
            raise UnreachableError(why.partition(":")[0])
        raise ValueError(why)
    packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return len(packages), [
        f"{package['name']} {package['version']}: {entry['id']}, "
        f"fixed in {', '.join(entry['fix_versions']) or 'no version'}"
        for package in packages
        for entry in package.get("vulns", [])
    ]


def main(requirements: Path = REQUIREMENTS, address: str = OSV) -> int:
    """Ask, say what came of it, and return the exit code."""
    try:
        number, findings = vulnerabilities(requirements, address)
    except UnreachableError as error:
        print(f"audit: nothing was checked, because {address} cannot be reached from here ({error})")
        return 0
    print("\n".join([*findings, f"audit: {number} packages, {len(findings)} known vulnerabilities"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
