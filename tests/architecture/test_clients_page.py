"""docs/clients.md names the versions that the tests run."""

from __future__ import annotations

import json
import re

from sandbox.process import ROOT

PAGE = (ROOT / "docs" / "clients.md").read_text()


def test_the_generators_have_the_pinned_versions() -> None:
    """Those of package.json and requirements-dev.txt."""
    npm: dict[str, str] = json.loads((ROOT / "package.json").read_text())["dependencies"]
    pip = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements-dev.txt").read_text(), re.M))
    named = re.findall(r"([\w-]+)(==|@)([\d.]+\d)", PAGE)
    assert {name for name, _, _ in named} == {
        "openapi-python-client",
        "openapi-fetch",
        "openapi-typescript",
        "typescript",
    }
    assert [name for name, sign, version in named if (pip if sign == "==" else npm)[name] != version] == []
