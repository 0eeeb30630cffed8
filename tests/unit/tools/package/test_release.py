"""A release's zip is deployed as it is, once its hash, its version and its files have been checked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.unit.tools.package.conftest import Small, sums
from tools.package import PackageError, manifest
from tools.package.app import take_release
from tools.package.archive import write_zip


@pytest.fixture
def release(small: Small) -> Path:
    """Return the zip of a small package, with SHA256SUMS beside it; the package itself is gone."""
    small.build()
    path = small.target.parent / "release" / "calendar-relay.zip"
    path.parent.mkdir()
    write_zip(small.target, path)
    sums(path)
    (small.target / "host.json").unlink()
    return path


def test_a_release_is_unpacked(small: Small, release: Path) -> None:
    """With its manifest, which stays as published, and the .funcignore that azd needs."""
    take_release(release, small.target, small.root)
    manifest.check(small.target)
    with zipfile.ZipFile(release) as archive:
        assert sorted(archive.namelist()) == manifest.files_of(small.target)
    assert (small.target / ".funcignore").is_file()


def test_a_changed_byte_is_refused(small: Small, release: Path) -> None:
    """Nothing is left to deploy."""
    content = bytearray(release.read_bytes())
    content[100] ^= 1
    release.write_bytes(content)
    with pytest.raises(PackageError, match="SHA256SUMS"):
        take_release(release, small.target, small.root)
    assert not small.target.exists()


def test_a_zip_without_its_sums_is_refused(small: Small, release: Path) -> None:
    """The text says where they are."""
    release.with_name("SHA256SUMS").unlink()
    with pytest.raises(PackageError, match="same release"):
        take_release(release, small.target, small.root)


def test_another_version_is_refused(small: Small, release: Path) -> None:
    """A zip that stayed there would otherwise be deployed instead of these sources."""
    (small.root / "shared" / "version.py").write_text('VERSION = "1.3.0"\n')
    with pytest.raises(PackageError, match=r"1\.2\.3, and this folder is 1\.3\.0"):
        take_release(release, small.target, small.root)


def test_a_file_that_is_no_package_is_refused(small: Small, release: Path) -> None:
    """With a sentence: a page that was saved instead of the zip, another zip, and a package of another builder."""
    for content in (b"<html>", b""):
        release.write_bytes(content)
        sums(release)
        with pytest.raises(PackageError, match="is not a package"):
            take_release(release, small.target, small.root)
    with zipfile.ZipFile(release, "w") as archive:
        archive.writestr("README.md", "")
    sums(release)
    with pytest.raises(PackageError, match="is not a package"):
        take_release(release, small.target, small.root)


def test_a_package_without_its_record_is_refused(small: Small, release: Path) -> None:
    """BUILD.json is not in the manifest, and is read when the package is printed."""
    (small.target / "host.json").write_bytes((small.root / "host.json").read_bytes())
    (small.target / "BUILD.json").unlink()
    write_zip(small.target, release)
    sums(release)
    with pytest.raises(PackageError, match=r"BUILD\.json"):
        take_release(release, small.target, small.root)
    assert not small.target.exists()


@pytest.mark.parametrize(("name", "error"), [("shared/more.py", "MANIFEST"), ("../more.py", "outside")])
def test_a_file_that_the_manifest_does_not_list_is_refused(small: Small, release: Path, name: str, error: str) -> None:
    """Even if SHA256SUMS fits."""
    with zipfile.ZipFile(release, "a") as archive:
        archive.writestr(name, "X = 1\n")
    sums(release)
    with pytest.raises(PackageError, match=error):
        take_release(release, small.target, small.root)
    assert not small.target.exists()
