"""The reference files of the strings, ids and rows from before the restructure."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "before"


def reference(name: str) -> Any:
    """Return the content of a reference file."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def write(name: str, content: Any) -> None:
    """Write a reference file."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True)
    (FOLDER / f"{name}.json").write_text(text + "\n")


def as_json(content: Any) -> Any:
    """Return a content as a reference file returns it: tuples become lists."""
    return json.loads(json.dumps(content))


def in_order(value: Any) -> tuple[Any, ...]:
    """Return the values of a dataclass in the order of its fields, whatever their names."""
    return tuple(getattr(value, field.name) for field in fields(value))
