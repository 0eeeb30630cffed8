"""What the project takes from others outside of its packages' pins, and who looks at it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.yaml_text import content_of

ROOT = Path(__file__).parents[2]
DEVCONTAINER = (ROOT / ".devcontainer/devcontainer.json").read_text()
WEEKLY = content_of((ROOT / ".github/workflows/weekly.yml").read_text())
DEPENDABOT = content_of((ROOT / ".github/dependabot.yml").read_text())


def test_the_image_of_the_devcontainer_is_pinned_by_its_digest() -> None:
    """A tag can be moved; features and tools have exact versions."""
    images = re.findall(r'"image": "([^"]+)"', DEVCONTAINER)
    assert [image for image in images if not re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", image)] == []
    assert len(images) == 1
    features = re.findall(r'"(ghcr\.io/[^"]+)"', DEVCONTAINER)
    assert len(features) == 3
    assert [each for each in features if not re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", each)] == []
    assert re.findall(r"npm install \S+ ([\w-]+@\S+)", DEVCONTAINER) == ["azure-functions-core-tools@4.15.1"]


def test_newer_versions_are_proposed_for_everything_that_is_pinned() -> None:
    """Actions, Python's packages, Node's packages and the devcontainer's features, at least once a month."""
    proposed = {each["package-ecosystem"]: each["schedule"]["interval"] for each in DEPENDABOT["updates"]}
    assert proposed == {
        "github-actions": "weekly", "npm": "weekly", "pip": "weekly", "devcontainers": "monthly"
    }  # fmt: skip
    assert {each["directory"] for each in DEPENDABOT["updates"]} == {"/"}


def test_the_weekly_audit_fails_without_an_answer() -> None:
    """A database that does not answer is no clean audit, and nothing lets the job pass all the same."""
    job = WEEKLY["jobs"]["vulnerabilities"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make audit MUST_ANSWER=1"]
    assert "continue-on-error" not in str(WEEKLY)
    assert "if" not in job
    assert "schedule" in WEEKLY[True]  # YAML 1.1 reads the key `on` as true
    makefile = (ROOT / "Makefile").read_text()
    assert "tools.audit $(if $(MUST_ANSWER),--must-answer)\n" in makefile


def test_the_audit_reads_every_lock_that_is_installed_somewhere() -> None:
    """What is deployed, and what administrators install."""
    text = (ROOT / "tools/audit.py").read_text()
    assert set(re.findall(r'"(requirements[\w-]*\.txt)"', text)) == {"requirements.txt", "requirements-cli.txt"}
