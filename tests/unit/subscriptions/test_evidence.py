"""What each source proves is carried out where the table says."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from shared.subscriptions.evidence import SOURCES, Source

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_each_source_is_described(source: Source) -> None:
    """Its module exists, and each column of the table has a text."""
    assert (ROOT / source.module).is_file()
    for field in fields(source):
        text = getattr(source, field.name)
        assert text == text.strip() != ""
        assert "|" not in text  # the documentation shows a table


def test_no_source_is_described_twice() -> None:
    """A second description could say something else."""
    assert len({source.name for source in SOURCES}) == len(SOURCES)
