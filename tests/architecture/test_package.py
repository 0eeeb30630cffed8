"""The package has what the app needs and nothing else, with either way of deployment."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
from pathlib import Path

from tools.package import shipped

ROOT = Path(__file__).parents[2]


def ignored(path: str) -> bool:
    """Return whether .funcignore excludes a path; the file is a .gitignore without negations."""
    lines = [line.strip() for line in (ROOT / ".funcignore").read_text().splitlines()]
    rules = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    assert not [rule for rule in rules if "/" in rule or rule.startswith("!")], "this reader knows plain names only"
    return any(fnmatch.fnmatch(step, rule) for step in path.split("/") for rule in rules)


def test_only_the_app_ships() -> None:
    """Two packages with the contract, the entry point, the host's settings, and the pinned requirements."""
    names = shipped()
    allowed = re.compile(
        r"(functions|shared)/(\w+/)*\w+\.py|function_app\.py|shared/openapi\.json|host\.json|requirements\.txt"
    )
    assert [name for name in names if not allowed.fullmatch(name)] == []
    assert {"function_app.py", "host.json", "requirements.txt", "shared/__init__.py", "functions/__init__.py"} <= set(
        names
    )


def test_every_module_of_the_app_is_in_git() -> None:
    """A module that was not added works only on its author's machine."""
    there = {
        str(path.relative_to(ROOT)) for folder in ("functions", "shared") for path in (ROOT / folder).rglob("*.py")
    }
    assert there == {name for name in shipped() if "/" in name} - {"shared/openapi.json"}


def test_core_tools_and_azd_ship_the_same() -> None:
    """Both publish all files in git that .funcignore does not name."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    there = {path for path in listed.stdout.splitlines() if (ROOT / path).is_file()}
    assert {path for path in there if not ignored(path)} == there & set(shipped())


def test_every_requirement_is_pinned_with_its_hash() -> None:
    """A different file with the same version is rejected."""
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-cli.txt"):
        text = (ROOT / name).read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(lines) > 10
        for line in lines:
            assert re.match(r"[A-Za-z0-9._-]+==\S+ ", line), line[:80]
            assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line[:80]
            assert "://" not in line


def test_the_development_requirements_include_the_deployed_packages() -> None:
    """In the same versions: the tests use what is deployed."""
    pins = [dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
            for name in ("requirements.txt", "requirements-cli.txt", "requirements-dev.txt")]  # fmt: skip
    assert pins[0].items() <= pins[2].items()
    assert pins[1].items() <= pins[2].items()


def test_the_hosts_settings_match_the_code() -> None:
    """Route prefix, encoding, tries; and no extension that responds before the queue is written."""
    host = json.loads((ROOT / "host.json").read_text())
    queues = host["extensions"]["queues"]
    assert host["version"] == "2.0"
    assert host["extensions"]["http"]["routePrefix"] == "api"
    assert (queues["messageEncoding"], queues["maxDequeueCount"]) == ("base64", 5)
    assert queues["maxPollingInterval"] <= "00:00:02"
    assert host["extensionBundle"]["id"] == "Microsoft.Azure.Functions.ExtensionBundle"
    assert host["functionTimeout"] == "00:10:00"
    assert "fastapi" not in (ROOT / "requirements.txt").read_text().lower()
