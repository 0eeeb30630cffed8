"""The weekly look at the grants, which customers copy: what it may do, and when it raises the alert."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.customer.pages import ROOT, page, refusal_of_bash, shell
from tests.architecture.customer.test_customer_workflow import LOGIN, OUR_PINS
from tests.support.yaml_text import content_of

TEXT = (ROOT / "infra/customer/check-relay.yml").read_text()
FLOW: dict[Any, Any] = content_of(TEXT)
JOBS: dict[str, dict[str, Any]] = FLOW["jobs"]
PAGE = page("weekly-check")
STAND_IN = '#!/bin/sh\nprintf "%s\\n" "$*" >> calls\n'


def script(job: str, name: str) -> str:
    """Return the script of a step, by the beginning of its name."""
    [text] = [step["run"] for step in JOBS[job]["steps"] if step.get("name", "").startswith(name)]
    return str(text)


def bash(text: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub does where a workflow names bash."""
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text], cwd=folder, capture_output=True,
        text=True, timeout=60, check=False, env={"PATH": path, **environ},
    )  # fmt: skip


def stand_in(folder: Path, name: str, text: str) -> None:
    """Write a command that keeps its calls."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STAND_IN + text)
    path.chmod(0o755)


def test_no_job_may_do_two_things() -> None:
    """The one that signs in cannot write, and the one that writes the issue cannot sign in."""
    assert FLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "verify": {"contents": "read"}, "check": {"id-token": "write"}, "report": {"issues": "write"},
    }  # fmt: skip
    assert {name: job.get("environment") for name, job in JOBS.items()} == {
        "verify": None, "check": "relay-check", "report": None
    }  # fmt: skip
    assert "secrets." not in TEXT
    assert FLOW[True]["schedule"]  # YAML 1.1 reads the key `on` as true


def test_everything_is_pinned() -> None:
    """Actions by the hashes of this project's workflows, and the command line by hashes and provenance."""
    used = re.findall(r"uses: (\S+)(.*)", TEXT)
    assert {action for action, _ in used} <= OUR_PINS | {LOGIN}
    assert [comment for _, comment in used if not re.fullmatch(r" # v\d+\.\d+\.\d+", comment)] == []
    install = script("check", "Install")
    assert "--require-hashes -r release/requirements-cli.txt" in install
    assert "--no-deps" in install
    assert "gh attestation verify" in script("verify", "Download")


def test_every_script_is_bash_and_contains_no_expression() -> None:
    """Values come as environment variables."""
    scripts = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert len(scripts) == 4
    assert [text for text in scripts if refusal_of_bash(text) or "${{" in text] == []
    assert FLOW["defaults"] == {"run": {"shell": "bash"}}
    assert [text for text in shell(PAGE) if refusal_of_bash(text)] == []


@pytest.mark.parametrize(("code", "says"), [(0, ""), (1, "something is wrong"), (3, "not known"), (2, "wrong")])
@pytest.mark.parametrize("api", ["", "api-id"])
def test_the_run_fails_unless_the_check_is_ok(tmp_path: Path, code: int, says: str, api: str) -> None:
    """What is not known fails, too. The API is checked where there is one."""
    stand_in(tmp_path, "relay/bin/relay-admin", f"exit {code}\n")
    done = bash(script("check", "Nothing defeats"), tmp_path, IDENTITY="relay-id", API=api, TENANT="t")
    assert (done.returncode, says in done.stdout) == (code, True)
    expected = "entra check --app-id relay-id --tenant t" + (f" --api-app-id {api}" if api else "")
    assert (tmp_path / "calls").read_text() == f"{expected}\n"


def test_without_an_identity_nothing_was_checked(tmp_path: Path) -> None:
    """A variable that is missing is a failure, and not a check of nothing."""
    stand_in(tmp_path, "relay/bin/relay-admin", "exit 0\n")
    assert bash(script("check", "Nothing defeats"), tmp_path, IDENTITY="", API="x", TENANT="t").returncode == 1


@pytest.mark.parametrize(("open_issue", "command"), [("", "issue create"), ("7", "issue comment 7")])
def test_a_failure_opens_a_single_issue(tmp_path: Path, open_issue: str, command: str) -> None:
    """While it is open, a comment is added."""
    stand_in(tmp_path, "gh", f'[ "$2" = list ] && printf "%s" "{open_issue}"\nexit 0\n')
    given = {"GITHUB_REPOSITORY": "o/r", "RUN": "https://github.example/o/r/actions/runs/1"}
    assert bash(script("report", "Open an issue"), tmp_path, **given).returncode == 0
    last = (tmp_path / "calls").read_text().splitlines()[-1]
    assert last.startswith(command)
    assert given["RUN"] in last


def test_any_failure_is_reported() -> None:
    """Also of the release, of the sign-in, and a run that was ended by its time limit."""
    assert (JOBS["report"]["needs"], JOBS["report"]["if"]) == (["verify", "check"], "failure() || cancelled()")


def test_the_page_describes_the_file() -> None:
    """Its variables and its environment; the permission is one that reads."""
    assert set(re.findall(r"gh variable set (\w+)", PAGE)) == set(re.findall(r"vars\.(\w+)", TEXT)) - {
        "AZURE_TENANT_ID"
    }
    assert "environment:relay-check" in PAGE
    assert "Application.Read.All" in PAGE
