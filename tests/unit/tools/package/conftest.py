"""Packages for the tests: of the real sources and wheels, and small ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandbox.process import ROOT
from tests.support.small_wheels import stamp, write_lock, write_wheel
from tools.package.app import build_app
from tools.package.bytecode import python_313
from tools.package.wheels import sha256


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package of these sources, with bytecode if this computer has a Python 3.13."""
    target = tmp_path_factory.mktemp("package") / "app"
    build_app(target, python=python_313())
    return target


class Small:
    """A small project: sources, a folder of two wheels, and their lock."""

    def __init__(self, folder: Path) -> None:
        self.root, self.wheels = folder / "project", folder / "wheels"
        self.target = folder / "dist" / "app"
        for name in ("functions/hello.py", "shared/version.py"):
            (self.root / name).parent.mkdir(parents=True)
            (self.root / name).write_text('VERSION = "1.2.3"\n')
        for name in ("graph_roles.json", "openapi.json", "openapi-1.json", "problems.json"):
            (self.root / "shared" / name).write_text("{}\n")
        for name in ("LICENSE", "function_app.py", "host.json", "requirements.txt"):
            shutil.copyfile(ROOT / name, self.root / name)
        self.first = write_wheel(self.wheels, "first", {"first/__init__.py": "X = 1\n", "space/a.py": "A = 1\n"})
        self.second = write_wheel(self.wheels, "second", {"second.py": "Y = 2\n", "space/b.py": "B = 2\n"})
        self.lock = write_lock(folder / "requirements-app.txt", self.first, self.second)
        stamp(self.wheels, self.lock)

    def build(self) -> None:
        """Build the package, without bytecode."""
        build_app(self.target, root=self.root, lock=self.lock, folder=self.wheels)


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Return a small project of its own."""
    return Small(tmp_path)


def sums(release: Path) -> None:
    """Write SHA256SUMS as a release has it, with other files in it."""
    lines = [f"{'0' * 64}  azuredeploy.json", f"{sha256(release)}  {release.name}"]
    release.with_name("SHA256SUMS").write_text("\n".join(lines) + "\n")
