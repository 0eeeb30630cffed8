"""Which features are switched on: what is off is not registered at all, and so has no address.

This is the one setting that is read when the app is imported. Whatever it holds, the relay itself is registered: a word
that names no feature switches nothing on, and the health checks name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType

MODULES: dict[str, tuple[str, ...]] = {  # by the feature's name in FEATURES, the modules of functions/ that serve it
    "calendars": ("calendars",),
    "scheduling": ("scheduling",),
    "bookings": ("bookings",),
}


def feature_modules(environ: Mapping[str, str]) -> Iterator[ModuleType]:
    """Yield the modules of the features that are on, each once, in the order of MODULES."""
    wanted = {word.strip().lower() for word in environ.get("FEATURES", "").split(",")}
    for feature, names in MODULES.items():
        if feature in wanted:
            yield from (import_module(f"functions.{name}") for name in names)
