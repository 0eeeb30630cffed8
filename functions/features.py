"""Selects the features to register. A feature that is off has no routes.

FEATURES is the only setting that is read at import. The relay itself is always registered; an unknown name enables
nothing, and the health checks report it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType

from shared.features import FEATURES, names_in


def feature_modules(environ: Mapping[str, str]) -> Iterator[ModuleType]:
    """Yield the modules of the enabled features, in the order of the records."""
    names = names_in(environ.get("FEATURES", ""))
    for feature in FEATURES:
        if feature.name in names:
            yield from (import_module(f"functions.{module}") for module in feature.modules)
