"""The host's metadata of every function, without the names of Python's arguments."""

from __future__ import annotations

import json
from typing import Any

from tests.architecture.test_import import ROOT, probed

Bindings = dict[str, list[dict[str, Any]]]


def functions_now(features: str) -> Bindings:
    """Return the bindings of every function of the app with these FEATURES, in a stable order."""
    found: Bindings = probed(ROOT, FEATURES=features)["bindings"]
    return {name: sorted(map(_without_name, bindings), key=json.dumps) for name, bindings in found.items()}


def _without_name(binding: dict[str, Any]) -> dict[str, Any]:
    return {key: binding[key] for key in sorted(binding) if key != "name"}
