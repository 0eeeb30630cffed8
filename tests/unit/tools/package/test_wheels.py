"""Only the files whose hashes are pinned are packed, at every build."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_wheels import write_lock, write_wheel
from tests.unit.tools.package.conftest import Small
from tools.package import PackageError
from tools.package.lock import pins_of
from tools.package.wheels import provide


def test_the_wheels_of_the_lock_are_provided(small: Small) -> None:
    """Sorted, and without pip if the folder is of this lock."""
    assert provide(small.wheels, small.lock) == [small.first, small.second]


def test_a_changed_byte_is_refused(small: Small) -> None:
    """Also in a folder that an earlier build has checked."""
    content = bytearray(small.first.read_bytes())
    content[40] ^= 1
    small.first.write_bytes(content)
    with pytest.raises(PackageError, match="hash is pinned"):
        small.build()
    assert not small.target.exists()


def test_a_missing_and_an_additional_wheel_are_refused(small: Small) -> None:
    """Nothing is packed that is not pinned, and nothing that is pinned lacks."""
    extra = write_wheel(small.wheels, "third", {"third.py": ""})
    with pytest.raises(PackageError, match="other wheels"):
        provide(small.wheels, small.lock)
    extra.unlink()
    small.second.unlink()
    with pytest.raises(PackageError, match=r"second 1\.0"):
        provide(small.wheels, small.lock)


def test_a_file_without_a_version_in_its_name_is_refused(small: Small) -> None:
    """With a sentence, as another wheel that is not pinned."""
    (small.wheels / "first.whl").write_bytes(b"")
    with pytest.raises(PackageError, match="other wheels"):
        provide(small.wheels, small.lock)


def test_a_new_lock_downloads_again(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """From an index without packages, which fails; the earlier wheels stay, and are not used for the new lock."""
    write_lock(small.lock, small.first)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(PackageError, match="pip download failed"):
        provide(small.wheels, small.lock)
    assert small.first.is_file()
    monkeypatch.setenv("PIP_FIND_LINKS", str(small.wheels))
    assert [path.name for path in provide(small.wheels, small.lock)] == [small.first.name]
    assert not small.second.exists()


@pytest.mark.parametrize(
    "line", ["a==1.0", "a>=1.0 --hash=sha256:" + "0" * 64, "a==1.0 ; python_version < '3' --hash=sha256:" + "0" * 64,
             "a==1.0 --hash=sha256:0", "--index-url https://example.com", "https://example.com/a.whl"],
)  # fmt: skip
def test_a_lock_has_pins_with_hashes_alone(tmp_path: Path, line: str) -> None:
    """Without markers: pip would evaluate them with the Python that runs it."""
    lock = tmp_path / "requirements-app.txt"
    lock.write_text(line)
    with pytest.raises(PackageError, match="make lock"):
        pins_of(lock)


def test_line_ends_do_not_matter(small: Small) -> None:
    """A checkout on Windows has others, and the same pins."""
    before = pins_of(small.lock)
    small.lock.write_bytes(small.lock.read_bytes().replace(b"\n", b"\r\n"))
    assert pins_of(small.lock) == before
    stamp_before = (small.wheels / "ready").read_text()
    assert provide(small.wheels, small.lock) == [small.first, small.second]
    assert (small.wheels / "ready").read_text() == stamp_before
