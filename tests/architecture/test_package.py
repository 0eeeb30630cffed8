"""What ships is what the app needs and nothing else, whichever way it is deployed."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
from pathlib import Path

from tools.package import shipped

ROOT = Path(__file__).parents[2]


def ignored(path: str) -> bool:
    """Return whether .funcignore leaves a path out; it reads like a .gitignore without negations."""
    lines = [line.strip() for line in (ROOT / ".funcignore").read_text().splitlines()]
    rules = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    assert not [rule for rule in rules if "/" in rule or rule.startswith("!")], "this reader knows plain names only"
    return any(fnmatch.fnmatch(step, rule) for step in path.split("/") for rule in rules)


def test_only_the_app_ships() -> None:
    """Two packages with the contract, the entry, the host's settings, and the pinned requirements."""
    names = shipped()
    allowed = re.compile(
        r"(functions|shared)/(\w+/)*\w+\.py|function_app\.py|shared/openapi\.json|host\.json|requirements\.txt"
    )
    assert [name for name in names if not allowed.fullmatch(name)] == []
    assert {"function_app.py", "host.json", "requirements.txt", "shared/__init__.py", "functions/__init__.py"} <= set(
        names
    )


def test_every_module_of_the_app_is_known_to_git() -> None:
    """What nobody has added works here and is missing for everybody else."""
    there = {
        str(path.relative_to(ROOT)) for folder in ("functions", "shared") for path in (ROOT / folder).rglob("*.py")
    }
    assert there == {name for name in shipped() if "/" in name} - {"shared/openapi.json"}


def test_core_tools_and_azd_ship_the_same() -> None:
    """They publish what .funcignore does not name, of all that git knows."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    there = {path for path in listed.stdout.splitlines() if (ROOT / path).is_file()}
    assert {path for path in there if not ignored(path)} == there & set(shipped())


def test_every_requirement_is_pinned_with_its_hash() -> None:
    """Nobody can put another file in its place."""
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-cli.txt"):
        text = (ROOT / name).read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(lines) > 10
        for line in lines:
            assert re.match(r"[A-Za-z0-9._-]+==\S+ ", line), line[:80]
            assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line[:80]
            assert "://" not in line


def test_what_the_app_and_the_command_line_need_is_among_the_development_requirements() -> None:
    """In the same versions: what is tested is what is deployed."""
    pins = [dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
            for name in ("requirements.txt", "requirements-cli.txt", "requirements-dev.txt")]  # fmt: skip
    assert pins[0].items() <= pins[2].items()
    assert pins[1].items() <= pins[2].items()


def test_the_hosts_settings_are_those_that_the_code_counts_on() -> None:
    """Route prefix, encoding, tries; and no extension that would answer before the queue is written."""
    host = json.loads((ROOT / "host.json").read_text())
    queues = host["extensions"]["queues"]
    assert host["version"] == "2.0"
    assert host["extensions"]["http"]["routePrefix"] == "api"
    assert (queues["messageEncoding"], queues["maxDequeueCount"]) == ("base64", 5)
    assert queues["maxPollingInterval"] <= "00:00:02"
    assert host["extensionBundle"]["id"] == "Microsoft.Azure.Functions.ExtensionBundle"
    assert host["functionTimeout"] == "00:10:00"
    assert "fastapi" not in (ROOT / "requirements.txt").read_text().lower()
