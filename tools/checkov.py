"""Run checkov over infra/ and the workflows: python -m tools.checkov [FOLDER], FOLDER being dist/checkov by default.

The parser of checkov (pycep) does not know types of parameters other than the simple ones, imports, optional
properties and newer decorators. It skips such a file, and checkov then reports success. So checkov reads copies of the
Bicep files without them, with the same line numbers, and a file that it cannot read is a failure. Exit status: that of
checkov, 1 for an unread file, 2 if checkov is not installed (make .venv-checkov/ready).
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / ".venv-checkov/bin/checkov"
FOLDER = ROOT / "dist/checkov"  # also in .checkov.yaml
SIMPLE = {"string", "int", "bool", "object", "array"}
_TYPED = re.compile(r"^((?:param|output) \w+) (\{.*?\}|\w+)(\[\])?(?=\s|$)", re.MULTILINE)
_DECLARED = re.compile(r"^(?:@description\(.*\)\n)?type \w+ = (?:\{\n.*?^\}|.*?)$", re.MULTILINE | re.DOTALL)
_UNKNOWN = re.compile(r"^(?:import .*|@export\(\)|@onlyIfNotExists\(\))$", re.MULTILINE)
_BROKEN = re.compile(r"((?:\n +[?:] .*)+)")


def _blank(match: re.Match[str]) -> str:
    """Return as many line ends as the match has."""
    return "\n" * match[0].count("\n")


def _simple(match: re.Match[str]) -> str:
    """Return a declaration with the simple type that is nearest to its own."""
    start, name, several = match.groups()
    return f"{start} {'array' if several else name if name in SIMPLE else 'object'}"


def _joined(match: re.Match[str]) -> str:
    """Return a condition that was on several lines on a single one, and the line ends after it."""
    lines = match[0].split("\n")
    return " ".join(line.strip() for line in lines) + "\n" * (len(lines) - 1)


def plain(text: str) -> str:
    """Return a Bicep file without what pycep cannot read, with the same number of lines."""
    text = _BROKEN.sub(_joined, _UNKNOWN.sub("", _DECLARED.sub(_blank, text)))
    return re.sub(r"\.\?(\w+) \?\? ''", r".\1", _TYPED.sub(_simple, text))


def write_copies(folder: Path) -> int:
    """Write the copies of all Bicep files of infra/ below a folder; return their number."""
    paths = sorted((ROOT / "infra").rglob("*.bicep"))
    for path in paths:
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(plain(path.read_text()))
    return len(paths)


def failure_of(output: str) -> str:
    """Return why the output of checkov shows no complete check of the Bicep files; empty if it is complete."""
    if "Parsing errors" in output:
        return "checkov could not read all files: tools/checkov.py has to rewrite what its parser does not know"
    scanned = re.search(r"bicep scan results:\s+Passed checks: (\d+)", output)
    return "" if scanned and int(scanned[1]) else "checkov checked no Bicep file"


def main(arguments: list[str]) -> int:
    """Write the copies, run checkov and return the exit status."""
    folder = Path(arguments[0]) if arguments else FOLDER
    count = write_copies(folder)
    if not PROGRAM.exists():
        print("no checkov: make .venv-checkov/ready", file=sys.stderr)
        return 2
    command = [str(PROGRAM), "--config-file", str(ROOT / ".checkov.yaml")]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    failure = failure_of(done.stdout)
    print(failure or f"checkov read {count} Bicep files", file=sys.stderr)
    return done.returncode or bool(failure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
