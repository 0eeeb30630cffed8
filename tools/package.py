"""Make the zip that is deployed, and its bill of materials: `python -m tools.package`.

It is an allow-list, so that nothing ships by accident. The zip holds sources only: the host's remote build installs
requirements.txt ("Azure Functions: Remote build").
"""

import subprocess
import sys
import zipfile
from pathlib import Path

from sandbox.process import ROOT
from tools.bill import build_bill

SHIPPED_FILES = ("function_app.py", "host.json", "requirements.txt", "shared/openapi.json")
SHIPPED_FOLDERS = ("functions", "shared")
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)  # the same for every file, so that the same sources make the same zip


def shipped() -> list[str]:
    """Return the paths of what ships, as git knows them: files left lying about do not count."""
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
    """Build both and say what is in the zip."""
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
