"""The arguments for mutants that no test notices: survivors.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("survivors.toml")


def arguments() -> dict[str, str]:
    """Return the argument for each survivor, by the name of the mutant."""
    groups = tomllib.loads(FILE.read_text())["argument"]
    pairs = [(name, str(group["why"])) for group in groups for name in group["mutants"]]
    assert len(dict(pairs)) == len(pairs), "a mutant is argued twice"
    return dict(pairs)
