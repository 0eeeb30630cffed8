"""jsonschema is imported without its slow part, and no check is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox import graph_types
from sandbox.process import ROOT

SLOW = "rfc3987_syntax"


def test_a_tenant_starts_without_the_slow_module() -> None:
    """A tenant's process never imports it, but it can still be imported afterwards."""
    code = f"""
import sys
from sandbox.tenant import graph, server
from jsonschema import FormatChecker
assert {SLOW!r} not in sys.modules
assert "iri" not in FormatChecker.checkers and "date-time" in FormatChecker.checkers
import {SLOW}
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_a_module_that_is_imported_already_stays() -> None:
    """Code that needs the formats gets them by importing jsonschema first."""
    code = f"""
import sys
from jsonschema import FormatChecker
from sandbox import json_schema
assert sys.modules[{SLOW!r}] is not None
assert "iri" in FormatChecker.checkers
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_schema_of_graph_has_no_formats() -> None:
    """Otherwise the formats would have to be checked."""
    text = graph_types.build().read_text()
    assert '"type":"string"' in text
    assert '"format":"' not in text
