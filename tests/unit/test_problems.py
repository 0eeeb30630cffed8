"""Problem details have stable codes, each with one meaning, all of them explained in one catalogue."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from shared import problems
from shared.api.problem_pages import AGAIN, pages
from shared.problems import Problem
from tools.errors import PAGE, text

ROOT = Path(__file__).parents[2]
ALL = {name: value for name, value in vars(problems).items() if isinstance(value, Problem)}
SOURCES = [path.read_text() for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("name", ALL)
def test_the_code_is_the_constants_name(name: str) -> None:
    """In snake_case, so that the code leads to the constant, and no two problems share a code."""
    assert ALL[name].code == name.lower()


@pytest.mark.parametrize("name", ALL)
def test_every_problem_is_raised_somewhere(name: str) -> None:
    """A code that is never raised would be documented for nothing."""
    assert sum(len(re.findall(rf"\bproblems\.{name}\b", source)) for source in SOURCES) > 0


def test_no_problem_is_declared_elsewhere() -> None:
    """So every code that is raised stands in the catalogue."""
    calls = [node for source in SOURCES for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [call.func.id for call in calls if isinstance(call.func, ast.Name)]
    assert names.count("Problem") == len(ALL)


def test_the_catalogue_explains_every_code() -> None:
    """And no other."""
    assert pages().keys() == {problem.code for problem in ALL.values()}


@pytest.mark.parametrize("code", sorted(problem.code for problem in ALL.values()))
def test_a_page_says_what_it_means_and_what_to_do(code: str) -> None:
    """In sentences. What may be sent again has 429 or 503, and nothing else, since those have Retry-After."""
    page = pages()[code]
    assert page.meaning.endswith(".")
    assert page.what_to_do.endswith(".")
    assert (page.again == "later") is (page.problem.status in (429, 503))
    assert all(part in page.text for part in (code, str(page.problem.status), page.meaning, AGAIN[page.again]))


def test_the_page_of_errors_has_the_catalogue() -> None:
    """`python -m tools.errors` writes its tables."""
    page = PAGE.read_text()
    assert page == text(page)
    assert {f"`{problem.code}`" for problem in ALL.values()} <= set(re.findall(r"`\w+`", page))
