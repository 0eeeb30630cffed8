"""What ships of the sources, and the commit that the package names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.tools.package.conftest import Small
from tools.package import PackageError
from tools.package.sources import commit_of, sources, version_in


def git(folder: Path, *arguments: str) -> str:
    """Run git without this computer's settings, and return its output."""
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout.strip()


def test_nothing_ships_but_what_is_allowed(small: Small) -> None:
    """Settings, tests, an editor's copies and other folders stay, without git, too."""
    before = sources(small.root)
    for name in ("local.settings.json", "tests/test_x.py", "sandbox/x.py", ".git/config", ".env", "shared/notes.txt",
                 "shared/.ipynb_checkpoints/x.py", "shared/x-copy.py", "shared/local.settings.json"):  # fmt: skip
        (small.root / name).parent.mkdir(exist_ok=True)
        (small.root / name).write_text("")
    assert sources(small.root) == before
    assert before == ["LICENSE", "function_app.py", "functions/hello.py", "host.json", "requirements.txt",
                      "shared/graph_roles.json", "shared/openapi-1.json", "shared/openapi.json",
                      "shared/problems.json", "shared/version.py"]  # fmt: skip


def test_the_commit_is_that_of_the_sources(small: Small) -> None:
    """With a mark if a file that ships differs from it or is new; other files do not count."""
    assert commit_of(small.root) is None
    git(small.root, "init", "--quiet")
    git(small.root, "add", ".")
    git(small.root, "commit", "--quiet", "--message", "first")
    commit = git(small.root, "rev-parse", "HEAD")
    (small.root / "notes.md").write_text("")
    assert commit_of(small.root) == commit
    (small.root / "shared" / "new.py").write_text("")
    assert commit_of(small.root) == f"{commit}-dirty"


@pytest.mark.parametrize("name", ["requirements-app.txt", "tools/package/unpack.py"])
def test_what_decides_about_the_dependencies_counts(small: Small, name: str) -> None:
    """The commit's own lock and builder would give other files."""
    (small.root / name).parent.mkdir(parents=True, exist_ok=True)
    (small.root / name).write_text("a")
    git(small.root, "init", "--quiet")
    git(small.root, "add", ".")
    git(small.root, "commit", "--quiet", "--message", "first")
    commit = git(small.root, "rev-parse", "HEAD")
    assert commit_of(small.root) == commit
    (small.root / name).write_text("b")
    assert commit_of(small.root) == f"{commit}-dirty"


def test_another_repository_around_the_sources_is_not_theirs(small: Small) -> None:
    """As when a release's sources are unpacked in it."""
    git(small.root.parent, "init", "--quiet")
    git(small.root.parent, "commit", "--quiet", "--allow-empty", "--message", "other")
    assert commit_of(small.root) is None


def test_a_version_that_cannot_be_read_is_an_error() -> None:
    """Instead of a package without a version."""
    assert version_in('"""Text."""\n\nVERSION = "1.2.3"\n') == "1.2.3"
    with pytest.raises(PackageError):
        version_in("VERSION = None")
