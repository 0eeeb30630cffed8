"""`python -m tools.errors`: write the tables of docs/errors.md from shared/problems.json."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from sandbox.process import ROOT
from shared.api.problem_pages import ProblemPage, pages

PAGE = ROOT / "docs" / "errors.md"
TABLES_BEGIN = "## Codes\n"
SHORT = {"no": "no", "later": "after Retry-After", "changed": "after that"}


def text(page: str) -> str:
    """Return the page with the tables of its last section as they should be."""
    prose = page.partition(TABLES_BEGIN)[0]
    return f"{prose}{TABLES_BEGIN}\n{_tables(pages().values())}"


def _tables(every: Iterable[ProblemPage]) -> str:
    """Return a table for each status."""
    by_status = groupby(sorted(every, key=_status), _status)
    return "\n".join(_table(status, list(group)) for status, group in by_status)


def _status(page: ProblemPage) -> int:
    return page.problem.status


def _table(status: int, group: list[ProblemPage]) -> str:
    rows = [
        f"| `{each.problem.code}` | {each.meaning} | {each.what_to_do} | {SHORT[each.again]} |\n"
        for each in sorted(group, key=lambda each: each.problem.code)
    ]
    return f"### {status}\n\n| code | means | what to do | try again |\n|---|---|---|---|\n{''.join(rows)}"


if __name__ == "__main__":
    PAGE.write_text(text(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
