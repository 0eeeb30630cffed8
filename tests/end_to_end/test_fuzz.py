"""Claims about generated requests: a short, seeded slice of `make fuzz`."""

from pathlib import Path

import pytest

from sandbox.stack import Stack
from tests.fuzz.api import SETTINGS, prepare, schemathesis, seed

DOUBLES = "^/api/entra/(bookings|calendars|schedules)"  # the same functions behind another door: `make fuzz` has them


@pytest.mark.timeout(300)
def test_generated_requests_are_answered_as_the_document_says(tmp_path: Path) -> None:
    """Sound ones are accepted, others are refused, nobody gets in without a key, and none is a 5xx."""
    with Stack(tmp_path, SETTINGS, seed(1)) as stack:
        prepare(stack)
        given = ("--seed", "1", "-n", "5", "--phases", "examples,coverage", "--exclude-path-regex", DOUBLES)
        done = schemathesis(stack, tmp_path, *given)
        assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-1_000:]
        assert "(Failed, Id=" not in stack.host.log.read_text()
