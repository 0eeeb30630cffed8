"""Claims about `make demo`, the first command that a new user runs."""

import re
import subprocess
import sys

import pytest

from sandbox.process import ROOT


@pytest.mark.long
def test_the_demonstration_ends_with_nothing_lost_and_nothing_leaked() -> None:
    """`make demo ICS=…` delivers every change of the scenario and of a file of unusual events."""
    command = [sys.executable, "-m", "sandbox.demo", "--ics", "sandbox/calendars/odd-cases.ics"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    last = done.stdout.strip().splitlines()[-1]
    counts = re.fullmatch(r"demo: (\d+) changes made, (\d+) delivered, 0 lost, 0 leaked", last)
    assert counts is not None, done.stdout + done.stderr
    assert int(counts[1]) == int(counts[2]) >= 50
    assert done.returncode == 0
