"""`python -m tools.package --app`, which azd's hook runs: what it prints, and its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tools.package.conftest import Small, sums
from tools.package import manifest
from tools.package.__main__ import main
from tools.package.archive import write_zip


def release_of(app: Path, dist: Path) -> Path:
    """Put the zip of a package where a release's is looked for, with its sums."""
    path = dist / "release" / "calendar-relay.zip"
    path.parent.mkdir(parents=True)
    write_zip(app, path)
    sums(path)
    return path


def test_a_release_is_taken(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Byte by byte; the output has the hash that the hook compares with what runs."""
    release_of(app, tmp_path)
    assert main(["--app"], tmp_path) == 0
    output = capsys.readouterr().out
    assert f"SHA-256 of MANIFEST.sha256: {manifest.package_hash(app)}" in output
    assert "dist/release/calendar-relay.zip" in output
    assert manifest.files_of(tmp_path / "app") == manifest.files_of(app)


def test_a_refusal_is_an_exit_code_and_a_sentence(
    small: Small, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, without a traceback; azd then stops."""
    small.build()
    release_of(small.target, tmp_path)
    assert main(["--app"], tmp_path) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("package: ")
    assert "is version 1.2.3" in captured.err
    assert not (tmp_path / "app").exists()
