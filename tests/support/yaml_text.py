"""Reads YAML: the workflows and azure.yaml."""

from __future__ import annotations

from typing import Any

import yaml  # type: ignore[import-untyped]  # the library has no type information


def content_of(text: str) -> Any:
    """Return the content of a YAML text."""
    return yaml.safe_load(text)
