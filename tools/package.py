"""Builds the zip to deploy, and its bill of materials: `python -m tools.package`.

The files come from an allow-list, so that nothing ships by accident. The zip holds sources only: the host's remote
build installs requirements.txt ("Azure Functions: Remote build").
"""

import subprocess
import sys
import zipfile
from pathlib import Path

from sandbox.process import ROOT
from tools.bill import build_bill

SHIPPED_FILES = ("function_app.py", "host.json", "requirements.txt", "shared/openapi.json")
SHIPPED_FOLDERS = ("functions", "shared")
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)  # a fixed time, for a reproducible zip


def shipped() -> list[str]:
    """Return the paths of the files to ship. Only files tracked by git count."""
    command = ["git", "ls-files", "--", *SHIPPED_FILES, *(f"{folder}/*.py" for folder in SHIPPED_FOLDERS)]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted(listed.stdout.splitlines())


def build(target: Path) -> list[str]:
    """Write the zip and return its paths."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in shipped():
            archive.writestr(zipfile.ZipInfo(path, WRITTEN_AT), (ROOT / path).read_bytes(), zipfile.ZIP_DEFLATED)
        return archive.namelist()


def main() -> int:
    """Build both and print the contents of the zip."""
    target = ROOT / "dist" / "calendar-relay.zip"
    names = build(target)
    print("\n".join(names))
    print(f"{target.relative_to(ROOT)}: {len(names)} files, {target.stat().st_size / 1024:.0f} KiB")
    bill = target.with_suffix(".cdx.json")
    build_bill(bill)
    print(f"{bill.relative_to(ROOT)}: the bill of materials")
    return 0


if __name__ == "__main__":
    sys.exit(main())
