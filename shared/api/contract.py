"""The operations of the OpenAPI document, as far as requests are checked by it: routes, methods, query parameters.

The document is the only declaration of them. The file is read when it is first needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.features import BY_NAME

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and a route such as `subscriptions/{id}`, below /api/. `feature` is "" for the relay's own routes.

    `has_caller`: it needs a key or a token. `parameters` are the names of its query parameters, `deprecated` those of
    them that are old spellings.
    """

    method: str
    route: str
    feature: str = ""
    has_caller: bool = True
    parameters: frozenset[str] = frozenset()
    deprecated: frozenset[str] = frozenset()


class Contract:
    """The operations of a document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._operations = {(each.method, each.route): each for each in _operations(document)}
        self._by_length: dict[int, list[tuple[list[str], Operation]]] = {}
        for each in self._operations.values():
            parts = each.route.lower().split("/")
            self._by_length.setdefault(len(parts), []).append((parts, each))

    def operation(self, method: str, route: str) -> Operation:
        """Return the operation of a method and a route, without parameters if the document has none."""
        return self._operations.get((method.upper(), route), Operation(method.upper(), route))

    def at(self, path: str) -> list[Operation]:
        """Return the operations whose route fits a path below /api/, whatever their method."""
        steps = path.strip("/").lower().split("/")
        return [each for parts, each in self._by_length.get(len(steps), ()) if _fits(parts, steps)]


@cache
def contract() -> Contract:
    """Return the operations of the document that is shipped with the app."""
    from pathlib import Path  # imported here to keep the cold start short

    import shared

    return Contract(json.loads((Path(shared.__path__[0]) / "openapi.json").read_bytes()))


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if method in METHODS:
                yield _operation(method.upper(), path.removeprefix("/api/").strip("/"), described)


def _operation(method: str, route: str, described: Mapping[str, Any]) -> Operation:
    security = described.get("security", [])
    queries = [each for each in described.get("parameters", ()) if each.get("in") == "query"]
    return Operation(
        method,
        route,
        next((tag for tag in described.get("tags", ()) if tag in BY_NAME), ""),
        any("entraToken" in each for each in security) and {} not in security,
        frozenset(each["name"] for each in queries),
        frozenset(each["name"] for each in queries if each.get("deprecated")),
    )


def _fits(parts: list[str], steps: list[str]) -> bool:
    """Return whether a path has the steps of a route of its length. Both are in lower case, as the host compares."""
    return all(step != "" if part.startswith("{") else part == step for part, step in zip(parts, steps, strict=True))
