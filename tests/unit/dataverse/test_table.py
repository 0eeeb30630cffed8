"""Every state of both sides of a pair is decided as the table says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import get_args

from shared.dataverse.decide import decide
from shared.dataverse.look import Direction
from shared.storage.pairs.pair import Side
from tests.unit.dataverse.answers import answer_of
from tests.unit.dataverse.scene import B_STATES, E_STATES, PHASES, Scene
from tests.unit.dataverse.table import AFTER_52, BEFORE_52, FORBIDDEN, TABLE, expected


def scenes() -> Iterator[Scene]:
    """Yield every product of the states of a pair."""
    sides: tuple[Side, ...] = get_args(Side)
    for b, e, born, link, phase, others, direction, held in product(
        B_STATES, E_STATES, sides, "LP", PHASES, (False, True), Direction, (False, True)
    ):
        yield Scene(b=b, e=e, born=born, link=link, phase=phase, others=others, direction=direction, held=held)


def test_every_state_has_the_row_and_the_answer_of_the_table() -> None:
    """All products of both sides' states, birth, link, phase, attendees and hold; both directions are allowed."""
    wrong, number = [], 0
    for scene in scenes():
        if scene.direction is not Direction.BOTH:
            continue
        decision, rule, number = decide(scene.look()), expected(scene), number + 1
        if (decision.row, answer_of(decision, scene.pair)) != (rule.row, rule.answer):
            wrong.append((scene, decision.row, answer_of(decision, scene.pair), rule[:2]))
    assert number > 4000
    assert wrong[:5] == [], len(wrong)


def test_a_forbidden_side_is_never_written() -> None:
    """Row 52, also for the rows before it, which keep their number. What is allowed of a decision is done."""
    wrong = []
    for scene in scenes():
        if scene.direction is Direction.BOTH:
            continue
        decision, rule = decide(scene.look()), expected(scene)
        forbidden = [part for part in FORBIDDEN[scene.direction] if part in f"{rule.answer} "]
        row = 52 if forbidden and rule in AFTER_52 else rule.row
        may_write = scene.direction.may_write
        kept = (may_write("outlook") or not decision.writes_outlook) and (
            may_write("dataverse") or decision.dataverse is None
        )
        is_found = decision.finding is not None or not forbidden
        if decision.row != row or not kept or not is_found:
            wrong.append((scene, decision.row, answer_of(decision, scene.pair), rule[:2]))
    assert wrong[:5] == [], len(wrong)


def test_every_rule_of_the_table_is_used() -> None:
    """A rule that no state reaches would prove nothing."""
    used = {id(expected(scene)) for scene in scenes()}
    assert [each for each in TABLE if id(each) not in used] == []
    assert len(BEFORE_52) > 15
