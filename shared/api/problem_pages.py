"""What each kind of problem means and what to do: the texts of problems.json, for callers who follow `type`.

The file is read when it is first needed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from shared import problems
from shared.problems import Problem

AGAIN = {
    "no": "No: the same call fails again.",
    "later": "Yes: the same call, after the time in Retry-After.",
    "changed": "Yes, once what is described above has changed.",
}


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """The explanation of a kind of problem. `again` says whether to try again: a key of AGAIN."""

    problem: Problem
    meaning: str
    what_to_do: str
    again: str

    @property
    def text(self) -> str:
        """The page as plain text."""
        status, code, title = self.problem
        return (
            f"{code} ({status}): {title}\n\nMeaning: {self.meaning}\nWhat to do: {self.what_to_do}\n"
            f"Try again: {AGAIN[self.again]}\n"
        )


def page_of(code: str) -> ProblemPage | None:
    """Return the page of a code, or None."""
    return pages().get(code)


@cache
def pages() -> dict[str, ProblemPage]:
    """Return the page of each code, in the order of the file."""
    from pathlib import Path  # imported here to keep the cold start short

    import shared

    texts = json.loads((Path(shared.__path__[0]) / "problems.json").read_bytes())
    kinds = {kind.code: kind for kind in vars(problems).values() if isinstance(kind, Problem)}
    return {
        code: ProblemPage(kinds[code], text["meaning"], text["whatToDo"], text["again"]) for code, text in texts.items()
    }
