"""Problem details have stable codes, each with one meaning, all of them documented."""

import re
from pathlib import Path

import pytest

from shared import problems
from shared.problems import Problem

ROOT = Path(__file__).parents[2]
ALL = {name: value for name, value in vars(problems).items() if isinstance(value, Problem)}


@pytest.mark.parametrize("name", ALL)
def test_the_code_is_the_constants_name(name: str) -> None:
    """In snake_case, so that the code leads to the constant, and no two problems share a code."""
    assert ALL[name].code == name.lower()


@pytest.mark.parametrize("name", ALL)
def test_every_problem_is_raised_somewhere(name: str) -> None:
    """A code that is never raised would be documented for nothing."""
    sources = [path.read_text() for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py")]
    assert sum(len(re.findall(rf"\bproblems\.{name}\b", source)) for source in sources) > 0


def test_the_partner_guide_lists_every_code() -> None:
    """With its status, and no other code."""
    guide = (ROOT / "docs" / "partner-guide.md").read_text().partition("\n## Codes of problems\n")[2]
    rows = re.findall(r"^\| (\d{3}) \| (.+?) \|", guide.partition("\n## ")[0], re.MULTILINE)
    listed = {(int(status), code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert listed == {(problem.status, problem.code) for problem in ALL.values()}
