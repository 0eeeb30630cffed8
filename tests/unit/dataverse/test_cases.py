"""The rows of the table that depend on more than the two sides: other states of the pair, and what a look adds."""

from __future__ import annotations

import pytest

from shared.dataverse.decide import decide
from tests.unit.dataverse.answers import answer_of
from tests.unit.dataverse.cases import CASES, Case
from tests.unit.dataverse.table import TABLE

# Rows that are decided by others: 37 says that 10 to 13 come before 36, and 52 stands beside the row that it forbids.
ELSEWHERE = {37: (10, 12), 52: (15, 58)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_row_and_the_answer(case: Case) -> None:
    """As in the table."""
    decision = decide(case.look)
    assert (decision.row, answer_of(decision, case.look.pair)) == (case.row, case.answer)
    assert decide(case.look) == decision


def test_every_row_of_the_table_is_decided() -> None:
    """All sixty: by a product, by a case, or by the rows that it refers to."""
    decided = {rule.row for rule in TABLE} | {case.row for case in CASES}
    assert decided | set(ELSEWHERE) == set(range(1, 61))
    assert all(set(rows) <= decided for rows in ELSEWHERE.values())


def test_names_are_used_once() -> None:
    """A case that is written twice would hide the other's failure."""
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
