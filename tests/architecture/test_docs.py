"""Every path in backticks and every file that a link leads to exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = ("docs", "functions", "infra", "relay_admin", "sandbox", "shared", "tests", "tools")
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[^\s:]*")


def paths() -> Iterator[tuple[Path, str]]:
    """Yield every path of this repository in backticks, with its page and without a test's name."""
    for page in PAGES:
        for code in re.findall(r"`([^`\n]+)`", page.read_text()):
            if match := PATH.match(code):
                yield page, match.group()


def links() -> Iterator[tuple[Path, str]]:
    """Yield the target of every link to a file, with its page."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if "://" not in target and not target.startswith("#"):
                yield page, target.partition("#")[0]


def test_every_path_exists() -> None:
    """It is a file or a folder; an asterisk, or NAME for the name of any feature, stands for at least one."""
    named = list(paths())
    assert len(named) > 60
    missing = [
        f"{page.name}: {path}" for page, path in named if not list(ROOT.glob(path.replace("NAME", "*").rstrip("/")))
    ]
    assert missing == []


def test_every_link_leads_to_a_file() -> None:
    """Relative to its page."""
    linked = list(links())
    assert len(linked) > 40
    assert [f"{page.name}: {path}" for page, path in linked if not (page.parent / path).exists()] == []


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    lines = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    found = re.findall(r"^#+ (.+)$", lines, re.M)
    texts = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in found)
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in texts}


def test_every_link_into_a_page_leads_to_a_heading() -> None:
    """Of its own page or of another."""
    targets = [(page, target) for page in PAGES for target in re.findall(r"\]\(([^)\s:]*#[^)\s]+)\)", page.read_text())]
    assert len(targets) > 40
    wrong = []
    for page, target in targets:
        path, _, anchor = target.partition("#")
        if anchor not in headings(page.parent / path if path else page):
            wrong.append(f"{page.name}: {target}")
    assert wrong == []
