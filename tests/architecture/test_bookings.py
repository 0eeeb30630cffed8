"""The feature bookings is registered where FEATURES names it, whole, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from sandbox.process import ROOT
from shared.contract.operations import operations

INDEX = """
import json, function_app
print(json.dumps([one.get_function_name() for one in function_app.app.get_functions()]))
"""
OURS = {one.function for one in operations() if one.feature == "bookings"}


def indexed(features: str) -> set[str]:
    """Return the functions that the host finds with these features."""
    environ = {"FEATURES": features, "PATH": os.environ["PATH"]}
    run = subprocess.run(
        [sys.executable, "-c", INDEX], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(run.stdout))


@pytest.mark.parametrize("features", ["", "relay", "no-such-feature", "booking"])
def test_what_is_off_is_not_registered(features: str) -> None:
    """It has no address at all."""
    assert len(OURS) == 24
    assert not OURS & indexed(features)


@pytest.mark.parametrize("features", ["bookings", "relay, Bookings "])
def test_what_is_on_is_what_the_contract_says(features: str) -> None:
    """Each with both doors, and the relay beside it."""
    found = indexed(features)
    assert found >= OURS
    assert {one.function for one in operations(features=())} <= found
