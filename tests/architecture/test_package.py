"""The package has what the app needs and nothing else, from the pinned requirements."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from collections.abc import Set as AbstractSet
from pathlib import Path

from packaging.requirements import Requirement

from tools.package.lock import LOCK, Pin, normalized, pins_of
from tools.package.sources import FILES, FOLDERS, sources
from tools.package.unpack import RESERVED, installed_at
from tools.package.wheels import WHEELS, provide

ROOT = Path(__file__).parents[2]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
# The app's Python in Azure, by the names of PEP 508.
DEPLOYED: dict[str, str | AbstractSet[str]] = {
    "implementation_name": "cpython", "implementation_version": "3.13.0", "os_name": "posix",
    "platform_machine": "x86_64", "platform_release": "", "platform_system": "Linux", "platform_version": "",
    "python_full_version": "3.13.0", "platform_python_implementation": "CPython", "python_version": "3.13",
    "sys_platform": "linux",
}  # fmt: skip


def accepted(path: str) -> bool:
    """Return whether Core Tools publishes a path: each line of .funcignore is the beginning of one, and ! wins."""
    lines = [line.strip() for line in (ROOT / ".funcignore").read_text().splitlines()]
    rules = [line for line in lines if line and not line.startswith("#")]
    patterns = [(rule.startswith("!"), rule.removeprefix("!").removeprefix("/")) for rule in rules]
    matching = [wins for wins, rule in patterns if re.match(re.escape(rule).replace(r"\*", "[^/]+"), path)]
    return any(matching) or not matching


def test_only_the_app_ships() -> None:
    """Of the sources: two packages with the contract, the entry point, the host's settings, requirements, licence."""
    names = sources(ROOT)
    allowed = re.compile(
        r"(functions|shared)/(\w+/)*\w+\.py|function_app\.py|shared/(openapi(-1)?|problems|graph_roles)\.json|host\.json|"
        r"requirements\.txt|LICENSE"
    )
    assert [name for name in names if not allowed.fullmatch(name)] == []
    assert {*FILES, "shared/__init__.py", "functions/__init__.py"} <= set(names)
    assert len(names) == len(set(names)) > 200


def test_every_file_that_ships_is_in_git() -> None:
    """A module that was not added would be in the package of its author alone."""
    command = ["git", "ls-files", "--", *FILES, *(f"{folder}/*.py" for folder in FOLDERS)]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert sources(ROOT) == sorted(listed.stdout.splitlines())


def test_core_tools_and_git_read_an_allow_list() -> None:
    """Of the files in git, both readings of .funcignore leave what ships; of others nothing outside its folders."""
    command = ["git", "ls-files", "--cached"]
    listed = set(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines())
    command += ["--ignored", "--exclude-from=.funcignore"]
    denied = set(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines())
    assert {path for path in listed if accepted(path)} == listed & set(sources(ROOT)) == listed - denied
    others = ["local.settings.json", ".env", ".git/config", ".azure/prod/.env", "dist/app/host.json", ".venv/x", "x"]
    assert [path for path in others if accepted(path)] == []


def test_the_lock_of_the_package_is_that_of_the_app() -> None:
    """requirements-app.txt is requirements.txt as Python 3.13 on Linux evaluates its markers, hash by hash."""
    text = (ROOT / "requirements.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    pins = []
    for line in lines:
        requirement = Requirement(line.partition("--hash")[0])
        if requirement.marker is None or requirement.marker.evaluate(DEPLOYED):
            hashes = frozenset(re.findall(r"sha256:([0-9a-f]{64})", line))
            pins.append(Pin(normalized(requirement.name), str(requirement.specifier).removeprefix("=="), hashes))
    assert pins_of(LOCK) == pins
    assert len(lines) > len(pins) > 25


def test_no_dependency_hides_a_module_of_the_app() -> None:
    """None has a top-level module of the app's or the worker's names, nor a file outside its own folders."""
    top = set()
    for wheel in provide(WHEELS, LOCK):
        with zipfile.ZipFile(wheel) as archive:
            paths = [path for name in archive.namelist() if (path := installed_at(name))]
        top |= {path.parts[0].split(".")[0] for path in paths if not path.parts[0].endswith(".dist-info")}
    assert {"azure", "requests", "pydantic", "jwt"} <= top
    assert top & (RESERVED | {path.stem for path in ROOT.glob("*.py")} | set(FOLDERS)) == set()


def test_azd_deploys_the_folder_that_the_builder_fills() -> None:
    """Without a build of its own, which could install other files than those tested."""
    text = (ROOT / "azure.yaml").read_text()
    assert re.search(r"^ +dist: dist/app$", text, re.MULTILINE)
    assert re.search(r"^ +remoteBuild: false$", text, re.MULTILINE)


def test_every_requirement_is_pinned_with_its_hash() -> None:
    """A different file with the same version is rejected."""
    assert {"requirements.txt", "requirements-app.txt", "requirements-dev.txt", "requirements-cli.txt"} <= set(LOCKS)
    for name in LOCKS:
        text = (ROOT / name).read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert lines
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
