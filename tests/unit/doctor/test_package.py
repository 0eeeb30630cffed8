"""The doctor compares the files that run with the manifest of the package."""

from __future__ import annotations

import hashlib
import py_compile
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.doctor.finding import Finding
from shared.doctor.package import PackageCheck
from shared.package import Package, read_package
from tools.package.manifest import package_hash, write

SITE = ".python_packages/lib/site-packages"
FILES = {"function_app.py": "import shared", "shared/version.py": "VERSION = 1", "host.json": "{}",
         f"{SITE}/a b/__init__.py": "", f"{SITE}/c.so": "x"}  # fmt: skip


def compiled(source: Path, target: Path, mode: py_compile.PycInvalidationMode) -> None:
    """Compile a source to a .pyc file."""
    py_compile.compile(str(source), str(target), doraise=True, invalidation_mode=mode)


def bytecode_of(folder: Path, path: str) -> Path:
    """Return where Python 3.13 keeps the bytecode of a source."""
    source = folder / path
    return source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a package with bytecode."""
    lines = []
    for path, text in sorted(FILES.items()):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        lines.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n")
    (tmp_path / "MANIFEST.sha256").write_text("".join(lines))
    (tmp_path / "BUILD.json").write_text('{"commit": "c0ffee"}')
    for path in FILES:
        if path.endswith(".py"):
            unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
            compiled(tmp_path / path, bytecode_of(tmp_path, path), unchecked)
    return tmp_path


def finding(folder: Path) -> Finding:
    """Return the doctor's finding for a folder."""
    (only,) = PackageCheck(read_package(folder), folder).run()
    assert only.name == "package"
    return only


def test_an_unchanged_package_is_ok(folder: Path) -> None:
    """The finding has the version, the commit, the short hash, and the number of files."""
    result = finding(folder)
    assert (result.ok, result.remedy) == (True, "")
    assert result.detail == f"{read_package(folder)}: 5 files are those of MANIFEST.sha256"


def _write(path: str, text: str = "x") -> Callable[[Path], object]:
    return lambda folder: (folder / path).write_text(text)


def _remove(path: str) -> Callable[[Path], object]:
    return lambda folder: (folder / path).unlink()


def _other_bytecode(folder: Path) -> None:
    """Replace the bytecode of the entry point by that of another source."""
    other = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compiled(folder / "shared/version.py", bytecode_of(folder, "function_app.py"), other)


def _bytecode_alone(folder: Path) -> None:
    """Add bytecode that Python imports without a source."""
    bytecode_of(folder, "function_app.py").rename(folder / "shared" / "more.pyc")


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file is missing": (_remove("host.json"), "host.json (missing)"),
    "a source is missing": (
        _remove("shared/version.py"), "1 file differs from MANIFEST.sha256: shared/version.py (missing)"),
    "a source was changed": (_write("function_app.py"), "function_app.py (changed)"),
    "a setting of the host was changed": (_write("host.json", "[]"), "host.json (changed)"),
    "a module was added": (_write("shared/more.py"), "shared/more.py (additional)"),
    "an extension module was added": (_write("shared/more.so"), "shared/more.so (additional)"),
    "bytecode of another source": (
        _other_bytecode, "__pycache__/function_app.cpython-313.pyc (not compiled from its source)"),
    "bytecode without a source": (_bytecode_alone, "shared/more.pyc (additional)"),
    "bytecode of a source that is not listed": (
        lambda folder: bytecode_of(folder, "function_app.py").rename(bytecode_of(folder, "more.py")),
        "__pycache__/more.cpython-313.pyc (additional)"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_difference_is_named_with_what_to_do(folder: Path, fault: str) -> None:
    """By the path of the file; the remedy is to deploy the release again."""
    change, text = FAULTS[fault]
    change(folder)
    result = finding(folder)
    assert (result.ok, text in result.detail) == (False, True), result.detail
    assert "sha256sum -c MANIFEST.sha256" in result.remedy


def test_bytecode_that_python_wrote_itself_is_no_difference(folder: Path) -> None:
    """Python compares it with its source before each use, by the source's time and size."""
    target = bytecode_of(folder, "function_app.py")
    compiled(folder / "function_app.py", target, py_compile.PycInvalidationMode.TIMESTAMP)
    assert finding(folder).ok is True


def test_bytecode_of_another_python_is_no_difference(folder: Path) -> None:
    """It begins with another number, and this Python compiles the source instead."""
    target = bytecode_of(folder, "function_app.py")
    target.write_bytes(b"\0\0\r\n" + target.read_bytes()[4:8] + bytes(8))
    assert finding(folder).ok is True


def test_it_reads_what_the_builder_of_the_package_writes(tmp_path: Path) -> None:
    """The same manifest, and the same hash, by which a deployment is compared."""
    (tmp_path / "function_app.py").write_text("import shared")
    write(tmp_path, commit="c0ffee-dirty", python=None)
    running = read_package(tmp_path)
    assert (running.hash, running.commit) == (package_hash(tmp_path), "c0ffee-dirty")
    assert finding(tmp_path).ok is True


def test_many_differences_are_counted_and_the_first_are_named(folder: Path) -> None:
    """The finding stays short."""
    for number in range(30):
        (folder / f"more{number:02}.py").write_text("")
    detail = finding(folder).detail
    assert "30 files differ" in detail
    assert detail.count("(additional)") == 5


def test_a_checkout_is_inconclusive() -> None:
    """It is no fault: there is nothing to compare with."""
    (result,) = PackageCheck(Package()).run()
    assert (result.ok, result.remedy) == (None, "")
    assert "runs from a checkout" in result.detail


def test_an_unreadable_manifest_is_a_fault(folder: Path) -> None:
    """A line in another format would otherwise hide its file."""
    with (folder / "MANIFEST.sha256").open("a") as manifest:
        manifest.write("0123  short.py\n")
    assert finding(folder).ok is False
