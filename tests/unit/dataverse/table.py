"""The decision table as data, written by hand: for each state of both sides of a pair the row and the answer.

First rule wins. A rule names the values that it is about; what it does not name may be anything. The grids have the
states of the booking as rows and those of the event as columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.unit.dataverse.scene import Scene

LIVE = {"same", "moved", "retitled", "status"}
OVER = {"ended", "deleted"}
BUSY = {"underWay", "completed"}
OUT = {"free", "cancelled"}
IN_RULE = {"same", "moved", "retitled", "private", "shown"}
DV, OL = {"born": "dataverse"}, {"born": "outlook"}


class Rule(NamedTuple):
    """A rule: the number of its row, the answer, and the values that it is about."""

    row: int
    answer: str
    values: dict[str, Any]

    def applies(self, scene: Scene) -> bool:
        """Return whether a scene has the values."""
        return all(
            getattr(scene, name) in (value if isinstance(value, set) else {value})
            for name, value in self.values.items()
        )


def rule(row: int, answer: str, **values: Any) -> Rule:
    """Return a rule."""
    return Rule(row, answer, values)


COLUMNS = ("same", "moved", "retitled", "private", "shown", "free", "cancelled")
_GRID_DV = {
    "same": ["60 -", "58 B times", "39 -", "60 -", "33 -", "33 -", "33 -"],
    "moved": ["57 E times", "36 E times", "57 E times", "57 E times", "57 E times", "57 E times", "57 E times"],
    "retitled": ["38 E subject", "38 E subject B times", *["38 E subject"] * 5],
    "status": ["57 E show_as", "58 E show_as B times", *["57 E show_as"] * 5],
}
_GRID_DV_BUSY = {  # a move of the event is put back before: rows 18 and 19
    "same": ["60 -", "", "39 -", "60 -", "33 -", "33 -", "33 -"],
    "moved": ["57 E times", "", "57 E times", "57 E times", "57 E times", "57 E times", "57 E times"],
    "retitled": ["38 E subject", "", *["38 E subject"] * 5],
    "status": ["60 -", "", "39 -", "60 -", "33 -", "33 -", "33 -"],
}
_GRID_OL = {  # an event out of rule is decided before: rows 22, 24 and 59; under way a move, too: row 20
    "same": ["60 -", "58 B times", "40 B name", "40 B name", "35 -"],
    "moved": ["57 E times", "36 B times", "40 E times B name", "40 E times B name", "57 E times"],
    "retitled": ["41 -", "58 B times", "40 B name", "40 B name", "35 -"],
    "status": ["34 -", "58 B times", "40 B name", "40 B name", "34 -"],
}
_GRID_MEETING = {
    "same": ["60 -", "58 B times", "40 B name", "40 B name", "35 -"],
    "moved": ["43 B times", "36 B times", "40 B name+times", "40 B name+times", "43 B times"],
    "retitled": ["41 -", "58 B times", "40 B name", "40 B name", "35 -"],
    "status": ["34 -", "58 B times", "40 B name", "40 B name", "34 -"],
}
_GRID_MEETING_BUSY = {  # what was done is not undone, and the meeting is not written
    "same": ["60 -", "", "40 B name", "40 B name", "35 -"],
    "moved": ["43 !", "", "40 B name !", "40 B name !", "43 !"],
    "retitled": ["41 -", "", "40 B name", "40 B name", "35 -"],
    "status": ["34 -", "", "40 B name", "40 B name", "34 -"],
}
_LINKED_MEETING = ["43 muted !", "43 muted !", "40 B name muted !", "40 B name muted !", "43 muted !"]
_GRID_MEETING_LINKED = dict.fromkeys(LIVE, _LINKED_MEETING)


def grid(cells: dict[str, list[str]], **values: Any) -> Iterator[Rule]:
    """Yield the rules of a grid, by its cells."""
    for b, row in cells.items():
        for e, cell in zip(COLUMNS, row, strict=False):
            if cell:
                number, _, answer = cell.partition(" ")
                yield Rule(int(number), answer, {"b": b, "e": e, **values})


BEFORE_52 = (
    rule(1, "-", b="unreadable"),
    rule(1, "-", e="unreadable"),
    rule(2, "-", held=True),
    rule(4, "ended", b=OVER, e="gone"),
    rule(8, "B resource", **OL, b={"reassigned", "unassigned", "postponed"}),
    rule(5, "make E !", **DV, b="reassigned", e="series"),
    rule(5, "make E", **DV, b="reassigned", e="gone"),
    rule(5, "make E !", **DV, b="reassigned", others=True),
    rule(5, "make E remove E", **DV, b="reassigned"),
    rule(6, "ended", **DV, b="unassigned", e="gone"),
    rule(6, "!", **DV, b="unassigned", others=True),  # the first that applies: 45 comes after 6
    rule(6, "!", **DV, b="unassigned", e="series"),
    rule(6, "remove E ended", **DV, b="unassigned"),
    rule(7, "!", **DV, b="postponed"),
    rule(32, "ended", **DV, b="leftOut", e="gone"),
    rule(45, "!", **DV, others=True, e={*IN_RULE, *OUT}),
    rule(45, "!", **DV, e="series"),
    rule(10, "remove E ended", **DV, b=OVER),
    rule(12, "muted", **OL, b=OVER, e="moved"),
    rule(13, "ended", **OL, b="deleted", e=OUT),
    rule(11, "muted", **OL, b=OVER),
)
AFTER_52 = (
    rule(32, "remove E ended", **DV, b="leftOut"),
    # The technician is at work, or has finished.
    rule(14, "make E", **DV, b=LIVE, e="gone", link="L", phase="underWay"),
    rule(17, "make E", **DV, b=LIVE, e="gone", phase="underWay"),
    rule(18, "muted", **DV, b=LIVE, e="gone", phase="completed"),
    rule(18, "E subject+times", **DV, b="retitled", e="moved", phase="completed"),
    rule(18, "E times", **DV, b=LIVE, e="moved", phase="completed"),
    rule(19, "E subject+times", **DV, b="retitled", e="moved", phase="underWay"),
    rule(19, "E times", **DV, b=LIVE, e="moved", phase="underWay"),
    rule(20, "!", **OL, e="moved", phase=BUSY),
    # The event was deleted, or stands for no booking any more.
    rule(14, "make E", **DV, b=LIVE, e="gone", link="L"),
    rule(15, "B status ended", **DV, b="same", e="gone"),
    rule(16, "make E", **DV, b=LIVE, e="gone"),
    rule(22, "muted !", **OL, e={"gone", *OUT}, link="L"),
    rule(21, "muted !", **OL, e="gone", phase=BUSY),
    rule(23, "B status ended", **OL, e="gone", b="moved"),
    rule(21, "B status ended", **OL, e="gone"),
    rule(24, "muted !", **OL, e=OUT, b="moved", phase=BUSY),
    rule(59, "muted !", **OL, e=OUT, phase=BUSY),
    rule(24, "B status ended", **OL, e=OUT, b="moved"),
    rule(59, "B status ended", **OL, e=OUT),
    # Both are there.
    rule(46, "-", **OL, e="series"),
    *grid(_GRID_DV, **DV, phase="planned"),
    *grid(_GRID_DV_BUSY, **DV, phase=BUSY),
    *grid(_GRID_MEETING_LINKED, **OL, others=True, link="L"),
    *grid(_GRID_MEETING_BUSY, **OL, others=True, phase=BUSY),
    *grid(_GRID_MEETING, **OL, others=True),
    *grid(_GRID_OL, **OL),
    *grid({"leftOut": _GRID_MEETING_LINKED["same"]}, **OL, others=True, link="L"),
    *grid({"leftOut": _GRID_MEETING["same"]}, **OL, others=True),
    *grid({"leftOut": _GRID_OL["same"]}, **OL),
)
TABLE = BEFORE_52 + AFTER_52
FORBIDDEN = {"to-outlook": ("B ", "make B"), "to-dataverse": ("E ", "make E", "remove E")}  # row 52


def expected(scene: Scene) -> Rule:
    """Return the first rule that applies. Raises LookupError if none does."""
    for each in TABLE:
        if each.applies(scene):
            return each
    raise LookupError(scene)
