"""Writes the package as a zip, and unpacks that of a release."""

import zipfile
from pathlib import Path, PurePosixPath

from tools.package import ROOT, PackageError, manifest
from tools.package.sources import version_in
from tools.package.wheels import sha256

NAME = "calendar-relay.zip"
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)  # one date, the same names in the same order: the same bytes at every build
_READABLE = 0o100644 << 16


def write_zip(app: Path, target: Path) -> None:
    """Write a folder's package as a zip; the target is complete or unchanged."""
    beside = target.with_name(f"{target.name}.new")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in manifest.files_of(app):
            entry = zipfile.ZipInfo(name, WRITTEN_AT)
            entry.create_system = 3  # as on Linux, on Windows too
            entry.external_attr = _READABLE
            archive.writestr(entry, (app / name).read_bytes(), zipfile.ZIP_DEFLATED, 9)
    beside.replace(target)


def unpack_release(release: Path, target: Path, root: Path = ROOT) -> None:
    """Unpack a release's zip. Raises PackageError unless it has the hash of SHA256SUMS and this folder's version."""
    _check_sum(release)
    here = version_in((root / "shared" / "version.py").read_text(encoding="utf-8"))
    try:
        with zipfile.ZipFile(release) as archive:
            _check_content(archive, here, release)
            archive.extractall(target)
    except (zipfile.BadZipFile, KeyError):  # KeyError: no file of this name
        raise PackageError(f"{release} is not a package: download it again, from the release's assets") from None
    manifest.check(target)


def _check_content(archive: zipfile.ZipFile, here: str, release: Path) -> None:
    """Raise PackageError for another version than `here`, or a name that leads out of the folder."""
    version = version_in(archive.read("shared/version.py").decode())
    if version != here:
        raise PackageError(
            f"{release} is version {version}, and this folder is {here}: remove it, or put {here} there. "
            f"To deploy another version, use azd deploy --from-package"
        )
    for name in archive.namelist():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise PackageError(f"{release} has a file outside its folder: {name}")


def _check_sum(release: Path) -> None:
    """Compare the zip with SHA256SUMS beside it, which a release holds."""
    sums = release.with_name("SHA256SUMS")
    if not sums.is_file():
        raise PackageError(f"{sums} is missing: download it from the same release as {release.name}")
    lines = [line.split() for line in sums.read_text(encoding="utf-8").splitlines()]
    hashes = {words[1].lstrip("*"): words[0].lower() for words in lines if len(words) == 2}
    if hashes.get(release.name) != sha256(release):
        raise PackageError(f"{release} does not have the hash that {sums} states: download both again")
