"""A known vulnerability fails the audit, and the audit says what it did not check."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.support.scripted_server import answer, served
from tools.audit import main, vulnerabilities

VULNERABLE = {"vulns": [{"id": "PYSEC-0-0", "summary": "made up", "affected": [
    {"package": {"name": "made-up", "ecosystem": "PyPI"},
     "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]}]}]}  # fmt: skip


@pytest.fixture
def pinned(tmp_path: Path) -> Path:
    """Return a file that pins one package."""
    path = tmp_path / "requirements.txt"
    path.write_text("made-up==1.0 --hash=sha256:" + "0" * 64)
    return path


@pytest.mark.server
def test_a_vulnerability_fails_the_audit(pinned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named with the version that fixes it; the exit code is 1."""
    with served(answer("200 OK", json.dumps(VULNERABLE).encode(), "Content-Type: application/json")) as server:
        assert main((pinned,), server.url) == 1
    assert json.loads(server.body) == {"package": {"name": "made-up", "ecosystem": "PyPI"}, "version": "1.0"}
    assert "made-up 1.0: PYSEC-0-0, fixed in 2.0" in capsys.readouterr().out


@pytest.mark.server
def test_no_vulnerability_passes_the_audit(pinned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 0, and the number of checked packages is printed."""
    with served(answer("200 OK", b"{}", "Content-Type: application/json")) as server:
        assert main((pinned,), server.url) == 0
    assert "1 packages, 0 known vulnerabilities" in capsys.readouterr().out


@pytest.mark.parametrize(("refuses", "must_answer", "result"), [(True, False, 0), (False, False, 0), (False, True, 2)])
@pytest.mark.server
def test_an_unavailable_database_is_not_a_pass(
    pinned: Path, capsys: pytest.CaptureFixture[str], *, refuses: bool, must_answer: bool, result: int
) -> None:
    """Without a connection or a valid response nothing was checked, and the audit says so; given `must_answer` by its
    exit code, too.
    """
    if refuses:
        with served(answer("503 Service ServiceUnavailable")) as server:
            assert main((pinned,), server.url, must_answer=must_answer) == result
    else:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert main((pinned,), address, must_answer=must_answer) == result
    assert "nothing was checked" in capsys.readouterr().out


def test_requirements_without_a_hash_do_not_pass(tmp_path: Path) -> None:
    """Only an unavailable database is tolerated."""
    path = tmp_path / "requirements.txt"
    path.write_text("made-up==1.0")
    with pytest.raises(ValueError, match="hash"):
        vulnerabilities(path, "http://127.0.0.1:9")
