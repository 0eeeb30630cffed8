"""Import jsonschema without its checks of the formats iri and iri-reference.

These checks use rfc3987_syntax, which compiles a grammar at import: two seconds in every process. Neither Graph's
generated schema nor the OpenAPI document has these formats.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _hidden(module: str) -> Iterator[None]:
    """Make an import of the module fail as if it were not installed, unless it is already imported."""
    absent = module not in sys.modules
    if absent:  # documented: with None there, the import system raises ModuleNotFoundError
        sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules[module]


with _hidden("rfc3987_syntax"):
    from jsonschema import Draft7Validator, Draft202012Validator, ValidationError
    from jsonschema.exceptions import best_match

__all__ = ["Draft7Validator", "Draft202012Validator", "ValidationError", "best_match"]
