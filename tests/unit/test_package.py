"""What the package says of itself: hash, commit, and nothing in a checkout."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from shared.package import ROOT, Package, package, read_package
from shared.version import VERSION

LINES = f"{'0' * 64}  function_app.py\n"
COMMIT = "2f1d3c5b7a9e8d6c4b2a1f0e9d8c7b6a5f4e3d2c"


def written(folder: Path, build: str | None = None) -> Package:
    """Write a manifest and BUILD.json, and return the package in the folder."""
    (folder / "MANIFEST.sha256").write_text(LINES)
    if build is not None:
        (folder / "BUILD.json").write_text(build)
    return read_package(folder)


def test_the_hash_is_that_of_the_manifest(tmp_path: Path) -> None:
    """`sha256sum MANIFEST.sha256` gives the same, and its first eight digits are the short hash."""
    running = written(tmp_path, json.dumps({"commit": COMMIT, "python": "3.13.2"}))
    assert running.hash == hashlib.sha256(LINES.encode()).hexdigest()
    assert (running.commit, running.manifest) == (COMMIT, LINES)
    assert running.short_hash == running.hash[:8]
    assert str(running) == f"{VERSION}, commit 2f1d3c5b7a9e, package {running.hash[:8]}"


@pytest.mark.parametrize("build", [None, "", "{", "[]", '{"commit": 7}', '{"commit": "a\\nb"}'])
def test_a_package_without_a_commit_still_has_its_hash(tmp_path: Path, build: str | None) -> None:
    """BUILD.json is not in the manifest: whatever it contains, the hash identifies the files."""
    running = written(tmp_path, build)
    assert (running.commit, len(running.hash)) == ("", 64)
    assert f"{VERSION}, commit unknown, package" in str(running)


def test_a_commit_that_was_changed_says_so(tmp_path: Path) -> None:
    """In full, and where it is shortened."""
    running = written(tmp_path, json.dumps({"commit": f"{COMMIT}-dirty"}))
    assert running.commit == f"{COMMIT}-dirty"
    assert "commit 2f1d3c5b7a9e-dirty, package" in str(running)


def test_a_checkout_has_no_package(tmp_path: Path) -> None:
    """It has the version only; a manifest that is not text counts as none."""
    assert read_package(tmp_path) == Package()
    assert str(Package()) == f"{VERSION}, no package: runs from a checkout"
    (tmp_path / "MANIFEST.sha256").write_bytes(b"\xff")
    assert read_package(tmp_path) == Package()


def test_the_files_beside_the_entry_point_are_read_once() -> None:
    """By the process, at the first call."""
    assert (ROOT / "function_app.py").is_file()
    assert package() is package()
