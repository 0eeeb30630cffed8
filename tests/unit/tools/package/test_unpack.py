"""Wheels are unpacked without pip: what their RECORD lists, where Python finds it, and nothing that hides ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_wheels import write_wheel
from tools.package import PackageError
from tools.package.unpack import unpack


def files(folder: Path) -> set[str]:
    """Return the paths of the files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_commands_headers_and_bytecode_are_left_out(tmp_path: Path) -> None:
    """Of *.data only the two folders that belong into site-packages are unpacked, in their place."""
    names = ["a/__init__.py", "a/__init__.pyc", "a-1.0.data/purelib/b.py", "a-1.0.data/platlib/c/d.so",
             "a-1.0.data/scripts/run", "a-1.0.data/headers/a.h", "a-1.0.data/data/bin/x"]  # fmt: skip
    unpack(write_wheel(tmp_path, "a", dict.fromkeys(names, "")), tmp_path / "site")
    info = {f"a-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL")}
    assert files(tmp_path / "site") == {"a/__init__.py", "b.py", "c/d.so"} | info


@pytest.mark.parametrize(
    "name", ["shared/__init__.py", "functions.py", "a-1.0.data/purelib/shared/x.py", "proxy_worker/x.py",
             "function_app.py", "shared.cpython-313-x86_64-linux-gnu.so", "grpc/__init__.py"],
)  # fmt: skip
def test_a_dependency_that_hides_a_module_is_refused(tmp_path: Path, name: str) -> None:
    """The app's folder is last in the worker's sys.path, so its `shared` would be imported instead of ours."""
    with pytest.raises(PackageError, match="top-level"):
        unpack(write_wheel(tmp_path, "a", {name: ""}), tmp_path / "site")


@pytest.mark.parametrize("name", ["../x.py", "a/../../x.py", "/x.py", "a\\x.py", "C:/x.py", "a-1.0.data/purelib/../x"])
def test_a_file_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    """Whatever the wheel says."""
    with pytest.raises(PackageError, match="outside"):
        unpack(write_wheel(tmp_path / "wheels", "a", {name: ""}), tmp_path / "site")


@pytest.mark.parametrize(
    ("record", "error"),
    [({"a.py": "X = 2\n"}, "differs"), ({"b.py": ""}, "lacks b.py"), ({"a.py": "X = 1\n", "b.py": ""}, "lacks b.py")],
)
def test_a_file_that_record_does_not_list_is_refused(tmp_path: Path, record: dict[str, str], error: str) -> None:
    """Changed, additional or missing."""
    with pytest.raises(PackageError, match=error):
        unpack(write_wheel(tmp_path, "a", {"a.py": "X = 1\n"}, record=record), tmp_path / "site")


def test_a_file_of_two_wheels_must_be_the_same(tmp_path: Path) -> None:
    """As the empty __init__.py of a namespace: otherwise the order of installation would decide."""
    for name in ("a", "b"):
        unpack(write_wheel(tmp_path, name, {"azure/__init__.py": ""}), tmp_path / "site")
    with pytest.raises(PackageError, match="different"):
        unpack(write_wheel(tmp_path, "c", {"azure/__init__.py": "X = 1"}), tmp_path / "site")


def test_a_pth_file_is_refused(tmp_path: Path) -> None:
    """The worker adds the folder to sys.path and reads no .pth file."""
    with pytest.raises(PackageError, match=r"\.pth"):
        unpack(write_wheel(tmp_path, "a", {"a.pth": "import a"}), tmp_path / "site")
