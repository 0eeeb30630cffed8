"""Which features are switched on: what is off is not registered at all, and so has no address.

This is the one setting that is read when the app is imported. Whatever it holds, the relay itself is registered: a word
that names no feature switches nothing on, and the health checks name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType

from shared.features import FEATURES, names_in


def feature_modules(environ: Mapping[str, str]) -> Iterator[ModuleType]:
    """Yield the modules of the features that are on, each once, in the order of the records."""
    names = names_in(environ.get("FEATURES", ""))
    for feature in FEATURES:
        if feature.name in names:
            yield from (import_module(f"functions.{module}") for module in feature.modules)
