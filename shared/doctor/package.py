"""The doctor's check of the package: the files that run are those of the manifest that was built with them."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from shared.doctor.finding import Failed, Finding, check, inconclusive
from shared.package import MANIFEST, ROOT, Package

MOST_NAMES = 5  # of files, in one finding
REMEDY = (
    "Deploy the release again, as a whole: azd deploy relay --from-package ZIP. If the finding stays, compare the "
    f"files with those of the release: sha256sum -c {MANIFEST}."
)
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
# What Python imports without a source. Bytecode is compared with its source instead.
_IMPORTED = (*importlib.machinery.SOURCE_SUFFIXES, *importlib.machinery.EXTENSION_SUFFIXES, ".so")
_BYTECODE = tuple(importlib.machinery.BYTECODE_SUFFIXES)
_HEADER = 16  # bytes of a .pyc file before its code: magic number, flags, and the source's hash or time and size
_UNCHECKED = (1).to_bytes(4, "little")  # the flags of bytecode that Python runs without looking at the source (PEP 552)


@dataclass(frozen=True)
class PackageCheck:
    """Compares the files in `folder` with the manifest of `package`."""

    package: Package
    folder: Path = ROOT

    def run(self) -> list[Finding]:
        """Return the finding `package`; inconclusive in a checkout."""
        return [check("package", self._compare, REMEDY)]

    def _compare(self) -> str:
        if not self.package.hash:
            raise inconclusive(str(self.package))
        listed = dict(_listed(self.package.manifest))
        faults = [*_faults_of_files(self.folder, listed), *_faults_of_others(self.folder, listed)]
        if faults:
            names = ", ".join(faults[:MOST_NAMES])
            number = "1 file differs" if len(faults) == 1 else f"{len(faults)} files differ"
            raise Failed(f"{self.package}: {number} from {MANIFEST}: {names}", REMEDY)
        return f"{self.package}: {len(listed)} files are those of {MANIFEST}"


def _listed(manifest: str) -> Iterator[tuple[str, str]]:
    """Yield path and hash of each line. Raises Failed for a line in another format."""
    for line in manifest.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise Failed(f"{MANIFEST} cannot be read", REMEDY)
        yield match[2], match[1]


def _faults_of_files(folder: Path, listed: Mapping[str, str]) -> Iterator[str]:
    """Yield the listed files that are missing or changed."""
    for path, expected in listed.items():
        try:
            content = (folder / path).read_bytes()
        except OSError:
            yield f"{path} (missing)"
            continue
        if sha256(content).hexdigest() != expected:
            yield f"{path} (changed)"


def _faults_of_others(folder: Path, listed: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that Python could import although the manifest does not list them, and untrue bytecode."""
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if path.endswith(_IMPORTED) and path not in listed:
            yield f"{path} (additional)"
        elif path.endswith(_BYTECODE) and (fault := _fault_of_bytecode(folder, file, listed)):
            yield f"{path} ({fault})"


def _fault_of_bytecode(folder: Path, file: Path, listed: Mapping[str, str]) -> str:
    """Return what is wrong with a .pyc file; empty if nothing is.

    Python itself compares other bytecode, such as what it writes at run time, with its source before each use, and
    uses none of another version of Python, which begins with another number.
    """
    try:
        source = Path(importlib.util.source_from_cache(str(file)))
    except ValueError:  # outside a __pycache__, where it is imported without a source
        return "additional"
    if source.relative_to(folder).as_posix() not in listed:
        return "additional"
    if not source.is_file():
        return ""  # the source is named as missing, and Python imports no bytecode of this folder without it
    header = file.read_bytes()[:_HEADER]
    is_used_unchecked = header[:8] == importlib.util.MAGIC_NUMBER + _UNCHECKED
    if is_used_unchecked and header[8:] != importlib.util.source_hash(source.read_bytes()):
        return "not compiled from its source"
    return ""
