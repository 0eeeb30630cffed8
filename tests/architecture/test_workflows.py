"""The workflows of GitHub: their own lines, run as GitHub runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.yaml_text import content_of

ROOT = Path(__file__).parents[2]


def test_every_action_is_pinned_by_its_hash() -> None:
    """A tag can be moved. Only the release's job may write."""
    flows = {path.name: path.read_text() for path in (ROOT / ".github/workflows").glob("*.yml")}
    assert flows.keys() == {"check.yml", "release.yml"}
    for name, text in flows.items():
        uses = re.findall(r"uses: (.+)", text)
        assert uses
        assert [action for action in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", action)] == [], name
        assert content_of(text)["permissions"] == {"contents": "read"}
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        commands = set(re.findall(r"run: make ([a-z]+)", text))
        assert {"check", "test"} <= commands <= targets
    assert flows["check.yml"].count(": write") == 0


@pytest.mark.parametrize(
    ("says", "answer", "result"),
    [("", 0, 0), ("main.bicep(1,1) : Warning BCP225: …", 0, 1), ("main.bicep(1,1) : Error BCP018: …", 1, 1),
     ("az: the compiler cannot be had", 2, 1)],
)  # fmt: skip
def test_the_compilers_output_is_in_the_log(tmp_path: Path, says: str, answer: int, result: int) -> None:
    """The step runs as on GitHub, with bash -e, and with any exit code of the compiler."""
    flow = content_of((ROOT / ".github/workflows/check.yml").read_text())
    [step] = [one["run"] for one in flow["jobs"]["infra"]["steps"] if "bicep build" in one.get("run", "")]
    (tmp_path / "az").write_text(f'#!/bin/sh\necho "{says}" >&2\nexit {answer}\n')
    (tmp_path / "az").chmod(0o755)
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path)}
    command = ["/bin/bash", "-e", "-c", step]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, says in done.stdout) == (result, True)


def test_a_release_finds_its_section_of_the_changelog(tmp_path: Path) -> None:
    """With the workflow's own line."""
    flow = (ROOT / ".github/workflows/release.yml").read_text()
    [program] = re.findall(r"awk -v version=\S+ '(.+?)' CHANGELOG", flow)
    awk = shutil.which("awk")
    assert awk
    log = tmp_path / "CHANGELOG.md"
    log.write_text("# Changelog\n\n## Unreleased\n\n- new\n\n## [1.2.0] - 2026-12-01\n\n- good\n\n## 1.1.0\n\n- old\n")
    for version, body in (("1.2.0", "- good"), ("1.1.0", "- old"), ("1.2", "")):
        command = [awk, "-v", f"version={version}", program, str(log)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert re.sub(r"^## .*\n", "", done.stdout).strip() == body
