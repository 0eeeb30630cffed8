"""docs/dataverse-operations.md names each finding about a booking, with what to do."""

import re

from sandbox.process import ROOT
from shared.dataverse.decision import Finding

SECTION = (ROOT / "docs/dataverse-operations.md").read_text().partition("\n## Findings about bookings\n")[2]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.partition("\n## ")[0].splitlines() if line.startswith("| ")]


def test_each_finding_is_in_the_table() -> None:
    """Once, in the order of the alphabet."""
    named = [name for row in ROWS[1:] for name in re.findall(r"\w+", row[0])]
    assert sorted(named) == sorted(str(each) for each in Finding)
    assert [row[0] for row in ROWS[1:]] == sorted(row[0] for row in ROWS[1:])


def test_each_row_of_the_table_says_what_to_do() -> None:
    """Four cells: the finding, the rows of the decision table, the meaning, the act."""
    assert {len(row) for row in ROWS} == {4}
    assert all(re.search(r"\d", row[1]) for row in ROWS[1:])
