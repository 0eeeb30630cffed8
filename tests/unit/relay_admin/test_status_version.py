"""The commands status and doctor show the relay's version, and say so when the command line has another."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import responses

from relay_admin.__main__ import main
from relay_admin.version import VERSION

URL = "https://relay.example"
NEWER = "99.0.1"
DIFFERENT = f"The versions differ: this command line is {VERSION}, the relay is"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Stand in for a relay that answers a function key: the state of deliveries needs the master key."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        problem = {"status": 403, "title": "Role missing", "detail": "…"}
        mock.get(f"{URL}/api/relay", json=problem, status=403, content_type="application/problem+json")
        for path in ("notifications", "lifecycle"):
            mock.post(f"{URL}/api/{path}", body="")
        mock.get(f"{URL}/api/subscriptions", json={"value": [], "nextLink": None})
        yield mock


def status(server: responses.RequestsMock, detail: str | None, *options: str) -> None:
    """Run the command against a relay whose check `version` has this detail; None for a relay without that check."""
    checks = {"settings": {"ok": True, "detail": "ok"}}
    if detail is not None:
        checks["version"] = {"ok": True, "detail": detail}
    server.get(f"{URL}/api/health/checks", json={"checks": checks})
    assert main(["status", "--url", URL, "--key", "k", *options]) == 0


@pytest.mark.parametrize(
    ("detail", "text"),
    [(f"ok; {VERSION}, commit c0ffee, package 1a2b3c4d", ""), (f"ok; {VERSION}, no package: runs from a checkout", ""),
     (f"ok; {NEWER}, commit c0ffee, package 1a2b3c4d", f"{DIFFERENT} {NEWER}."), (None, "older and does")],
)  # fmt: skip
def test_status_says_when_the_versions_differ(
    server: responses.RequestsMock, detail: str | None, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a function key, too. A relay without the check is older than this command line."""
    status(server, detail)
    out = capsys.readouterr().out
    assert (DIFFERENT in out) == bool(text)
    assert text in out
    assert (detail or "ok; ").removeprefix("ok; ") in out


def test_status_as_json_has_both_versions(server: responses.RequestsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts: null for an older relay."""
    status(server, f"ok; {NEWER}, commit c0ffee, package 1a2b3c4d", "--json")
    assert json.loads(capsys.readouterr().out)["versions"] == {"relay": NEWER, "commandLine": VERSION}


@pytest.mark.parametrize("version", [VERSION, NEWER])
def test_the_doctor_says_when_the_versions_differ(
    server: responses.RequestsMock, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the finding of the package."""
    finding = {"name": "package", "ok": True, "detail": f"{version}, commit c0ffee, package 1a2b3c4d: 1 files …"}
    server.post(f"{URL}/api/doctor", json={"ok": True, "checks": [{**finding, "whatToDo": None}]})
    main(["doctor", "--url", URL, "--key", "k"])
    assert (DIFFERENT in capsys.readouterr().out) == (version == NEWER)
