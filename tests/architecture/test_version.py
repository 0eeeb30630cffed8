"""shared/version.py is the only place of the version: what else has to name it takes it from there, or repeats it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay_admin.client import USER_AGENT as ADMIN_AGENT
from relay_admin.version import VERSION as ADMIN_VERSION
from shared.http.session import USER_AGENT
from shared.version import VERSION

ROOT = Path(__file__).parents[2]


def repeated() -> Iterator[tuple[str, str]]:
    """Yield each place that has to repeat the version, with what it says."""
    template = re.search(r"^\s*template: calendar-relay(?:@(\S+))?$", (ROOT / "azure.yaml").read_text(), re.MULTILINE)
    yield "azure.yaml", (template[1] or VERSION) if template else "no template in metadata"


def test_the_version_is_a_release_number() -> None:
    """Three numbers: tags, the wheel and User-Agent take it as it is."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


@pytest.mark.parametrize(("place", "version"), list(repeated()), ids=[place for place, _ in repeated()])
def test_each_place_that_repeats_it_is_up_to_date(place: str, version: str) -> None:
    """azure.yaml need not have it (azd: NAME@VERSION)."""
    assert version == VERSION, place


def test_what_is_built_takes_it_from_there() -> None:
    """The wheel, the User-Agents, and the command line."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "shared/version.py"
    assert "version" not in json.loads((ROOT / "package.json").read_text())
    assert ADMIN_VERSION == VERSION
    assert (f"calendar-relay/{VERSION}", f"calendar-relay-admin/{VERSION}") == (USER_AGENT, ADMIN_AGENT)


def test_the_document_has_the_version_of_the_contract() -> None:
    """Not that of the release, which changes more often; the route serves the document of each by its number."""
    files = {"shared/openapi.json": "2.0", "shared/openapi-1.json": "0.1.0"}  # the first contract had no number
    assert {name: json.loads((ROOT / name).read_text())["info"]["version"] for name in files} == files


def test_the_command_line_shows_it() -> None:
    """Without a relay and without a key."""
    command = [sys.executable, "-m", "relay_admin", "--version"]
    run = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    assert run.stdout == f"{VERSION}\n"


def test_no_module_repeats_it() -> None:
    """A second constant would be forgotten at the next release."""
    files = [
        path for folder in ("functions", "shared", "relay_admin", "tools") for path in (ROOT / folder).rglob("*.py")
    ]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in files}
    assert {name for name, text in texts.items() if f'= "{VERSION}"' in text} == {"shared/version.py"}
