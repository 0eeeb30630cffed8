"""Claims about generated requests: a short, seeded part of `make fuzz`."""

from pathlib import Path

import pytest

from sandbox.stack import Stack
from tests.fuzz.api import SETTINGS, prepare, schemathesis, seed
from tests.fuzz.bounds import failures

pytestmark = pytest.mark.long  # it starts a stack of its own


def test_generated_requests_are_answered_as_the_document_says(tmp_path: Path) -> None:
    """Valid requests succeed, invalid requests and requests without a key are refused, and none gets a 5xx.

    `make fuzz` does the same below the base for tokens.
    """
    with Stack(tmp_path, SETTINGS, seed(1)) as stack:
        prepare(stack)
        arguments = ("--seed", "1", "-n", "5", "--phases", "examples,coverage", "--max-time", "25")
        done = schemathesis(stack, tmp_path, *arguments, "--request-timeout", "180")
        assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-1_000:]
        assert "(Failed, Id=" not in stack.host.log.read_text()


def test_requests_around_every_bound_are_refused_above_it_alone(tmp_path: Path) -> None:
    """Bodies, items, windows, keys, addresses and path parts: one below, at and above; none gets a 5xx."""
    with Stack(tmp_path, SETTINGS, seed(1)) as stack:
        prepare(stack)
        sent, wrong = failures(stack.relay)
        assert (wrong, sent > 500) == ([], True)
        assert "(Failed, Id=" not in stack.host.log.read_text()
