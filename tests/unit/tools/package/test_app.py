"""The folder that azd deploys is replaced as a whole, and is the same at every build."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.process import ROOT
from tests.unit.tools.package.conftest import Small
from tools.package import PackageError, manifest
from tools.package.app import build_app
from tools.package.archive import write_zip
from tools.package.bytecode import python_313

PYTHON = python_313()
BY_313 = "import pathlib, sys; from tools.package.app import build_app; build_app(pathlib.Path(sys.argv[1]))"

BUILD = """
import sys
from pathlib import Path
from tools.package.app import build_app
target, root, lock, folder, python = map(Path, sys.argv[1:])
build_app(target, root=root, lock=lock, folder=folder, python=python)
"""

# Python reports each file that it removes to this hook: at the third the process is killed.
KILLED_AT_A_FILE = """
import os, signal, sys
removed = []
def hook(event, arguments):
    if event == "os.remove":
        removed.append(arguments)
        if len(removed) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
"""


def content(app: Path) -> dict[str, bytes]:
    """Return each file of a package."""
    return {name: (app / name).read_bytes() for name in manifest.files_of(app)}


def test_a_build_replaces_the_folder(small: Small) -> None:
    """A file of an earlier version does not stay; the folder has an empty .funcignore, so that azd keeps bytecode."""
    small.target.mkdir(parents=True)
    (small.target / "old.py").write_text("")
    small.build()
    assert sorted(path.name for path in small.target.iterdir()) == [
        ".funcignore", ".python_packages", "BUILD.json", "LICENSE", "MANIFEST.sha256", "function_app.py", "functions",
        "host.json", "requirements.txt", "shared",
    ]  # fmt: skip
    assert (small.target / ".funcignore").read_bytes() == b""
    assert sorted(path.name for path in small.target.parent.iterdir()) == ["app"]


def test_a_build_that_fails_leaves_nothing_to_deploy(small: Small) -> None:
    """Neither half a package nor the earlier one; azd stops without the folder. The next build works."""
    small.build()
    (small.root / "host.json").rename(small.root / "host.away")
    with pytest.raises(PackageError, match=r"host\.json"):
        small.build()
    assert not small.target.exists()
    (small.root / "host.away").rename(small.root / "host.json")
    small.build()
    manifest.check(small.target)


def test_a_build_that_is_killed_leaves_nothing_to_deploy(small: Small, tmp_path: Path) -> None:
    """Here by its compiler, when all other files are written. The next build starts from nothing."""
    killer = tmp_path / "python"
    killer.write_text("#!/bin/sh\nkill -9 $PPID\n")
    killer.chmod(0o755)
    small.build()
    arguments = [str(path) for path in (small.target, small.root, small.lock, small.wheels, killer)]
    process = subprocess.run([sys.executable, "-c", BUILD, *arguments], cwd=ROOT, check=False)
    assert process.returncode == -signal.SIGKILL
    assert not small.target.exists()
    small.build()
    manifest.check(small.target)


def test_a_build_that_is_killed_while_it_removes_the_earlier_package_leaves_none(small: Small) -> None:
    """After the first files of it are gone: what is left must not be deployed."""
    small.build()
    arguments = [str(path) for path in (small.target, small.root, small.lock, small.wheels, "python")]
    process = subprocess.run([sys.executable, "-c", KILLED_AT_A_FILE + BUILD, *arguments], cwd=ROOT, check=False)
    assert process.returncode == -signal.SIGKILL
    assert not small.target.exists()
    small.build()
    manifest.check(small.target)
    assert sorted(path.name for path in small.target.parent.iterdir()) == ["app"]


def test_the_manifest_is_that_of_sha256sum(small: Small) -> None:
    """Sorted, complete, and without the files that depend on the build; a changed file is found."""
    small.build()
    lines = (small.target / "MANIFEST.sha256").read_text().splitlines()
    names = [line.split("  ", 1)[1] for line in lines]
    assert names == sorted(names)
    assert {*names, "MANIFEST.sha256", "BUILD.json"} == set(manifest.files_of(small.target))
    command = ["sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256"]
    if shutil.which("sha256sum"):
        subprocess.run(command, cwd=small.target, check=True)
    (small.target / "host.json").write_text("{}")
    with pytest.raises(PackageError, match=r"MANIFEST\.sha256"):
        manifest.check(small.target)
    if shutil.which("sha256sum"):
        assert subprocess.run(command, cwd=small.target, check=False, capture_output=True).returncode == 1


def test_bytecode_changes_no_hash(app: Path, tmp_path: Path) -> None:
    """A package without it has the same manifest, and a record of what compiled it."""
    build_app(tmp_path / "app")
    assert (tmp_path / "app" / "MANIFEST.sha256").read_bytes() == (app / "MANIFEST.sha256").read_bytes()
    assert b'"python": null' in (tmp_path / "app" / "BUILD.json").read_bytes()
    assert [name for name in manifest.files_of(tmp_path / "app") if name.endswith(".pyc")] == []


def test_two_builds_have_the_same_bytes(app: Path, tmp_path: Path) -> None:
    """In another folder: no path of this computer, no time and no order of a set is in them, nor in the zip."""
    again = tmp_path / "a folder with another name" / "app"
    build_app(again, python=PYTHON)
    assert content(again) == content(app)
    for number, folder in enumerate((app, again)):
        write_zip(folder, tmp_path / f"{number}.zip")
    assert (tmp_path / "0.zip").read_bytes() == (tmp_path / "1.zip").read_bytes()


@pytest.mark.skipif(PYTHON is None, reason="no Python 3.13 on this computer")
def test_python_313_without_this_environment_builds_the_same(app: Path, tmp_path: Path) -> None:
    """The builder needs the standard library alone, as in azd's hook, and its Python does not change the manifest."""
    target = tmp_path / "app"
    subprocess.run([str(PYTHON), "-S", "-c", BY_313, str(target)], cwd=ROOT, env={}, check=True)
    assert (target / "MANIFEST.sha256").read_bytes() == (app / "MANIFEST.sha256").read_bytes()
