"""The wheel of the command line: built offline, it runs outside the checkout with the version of shared/version.py."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = ("pyproject.toml", "LICENSE", "relay_admin", "shared/version.py", "docs/command-line.md")
BUILD = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
VERSION = "9.8.7"


def built(folder: Path, target: Path) -> Path:
    """Build the wheel of a checkout, and return its path."""
    run = subprocess.run(
        [sys.executable, *BUILD, "--wheel-dir", str(target), str(folder)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout with what the wheel is built from, of another version."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in SOURCES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, folder / name)
    (folder / "shared/version.py").write_text(f'"""The version."""\n\nVERSION = "{VERSION}"\n')
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of that checkout."""
    return built(checkout, tmp_path_factory.mktemp("wheel"))


def test_it_runs_outside_the_checkout_and_shows_its_version(wheel: Path, tmp_path: Path) -> None:
    """Python imports it from the file, without any other folder of the project."""
    command = [sys.executable, "-m", "relay_admin", "--version"]
    run = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(wheel)}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, f"{VERSION}\n"), run.stderr


def test_it_holds_the_command_line_and_nothing_else(wheel: Path) -> None:
    """Each module of relay_admin, and no `shared`, which another distribution could have, too."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "relay_admin", f"calendar_relay_admin-{VERSION}.dist-info"
    }  # fmt: skip
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "relay_admin").rglob("*.py")}
    assert modules == {name for name in names if name.endswith(".py")}


def test_it_installs_a_command(wheel: Path) -> None:
    """`relay-admin`, for pipx and for a virtual environment."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"calendar_relay_admin-{VERSION}.dist-info/entry_points.txt").decode()
    assert "relay-admin = relay_admin.__main__:main" in text


def test_two_builds_give_the_same_bytes(checkout: Path, wheel: Path, tmp_path: Path) -> None:
    """A release can be built again and compared."""
    assert built(checkout, tmp_path).read_bytes() == wheel.read_bytes()


def test_its_dependencies_are_those_of_the_pinned_requirements() -> None:
    """requirements-cli.txt is made from requirements-cli.in, so both ways of installing install the same libraries."""
    listed = (ROOT / "requirements-cli.in").read_text().splitlines()
    pinned = {line.partition("#")[0].strip() for line in listed} - {""}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(project["dependencies"]) == pinned
