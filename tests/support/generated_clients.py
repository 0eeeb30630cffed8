"""Clients that generators make from docs/openapi.json, in a folder outside of the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.process import ROOT

DOCUMENT = ROOT / "docs" / "openapi.json"
SOURCES = ROOT / "tests" / "support" / "clients"
NODE_MODULES = ROOT / "node_modules"
TSCONFIG = {
    "compilerOptions": {
        "module": "nodenext", "target": "es2023", "lib": ["es2023", "dom"], "types": [], "outDir": "out",
        "strict": True, "noUncheckedIndexedAccess": True, "skipLibCheck": True,
    },
}  # fmt: skip


def python_client(folder: Path) -> str:
    """Generate the Python client below `folder`; return what the generator printed. Its warnings are errors."""
    tools = Path(sys.executable).parent  # the generator formats with ruff, from the path
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    command = [str(tools / "openapi-python-client"), "generate", "--path", str(DOCUMENT), "--meta", "none"]
    command += ["--output-path", str(folder / "relay_client"), "--fail-on-warning"]
    return output_of(command, folder, {"PATH": path})


def typescript_client(folder: Path) -> str:
    """Generate the types in `folder`, and make its TypeScript compile; return what the generator printed."""
    (folder / "node_modules").symlink_to(NODE_MODULES)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    command = [
        str(NODE_MODULES / ".bin" / "openapi-typescript"),
        str(DOCUMENT),
        "--output",
        "relay.ts",
    ]  # no .d.ts: it is to be checked
    return output_of(command, folder)


def output_of(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    """Run a command that must succeed, and return what it printed."""
    environment = os.environ | (environment or {})
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def used(command: list[str], folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Run a program of clients/ with what it needs, and return what each guide's calls gave."""
    environment = {"NODE_EXTRA_CA_CERTS": given["ca"]}
    ends: dict[str, Any] = json.loads(output_of([*command, json.dumps(given)], folder, environment))
    return ends
