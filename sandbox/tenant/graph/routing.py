"""Graph's paths: segments, keys in parentheses, and the templates they match.

OData URL conventions: /users/{id} and /users('{id}') mean the same. Names of segments are read without regard to case.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, unknown_segment

if TYPE_CHECKING:
    from sandbox.tenant.graph.service import Graph

Handler = Callable[["Graph", Call], Awaitable[Answer]]
KEY = re.compile(r"([A-Za-z]+)\('((?:[^']|'')*)'\)(?:/|$)")


@dataclass(frozen=True)
class Endpoint:
    """One operation of Graph: its method, its template such as /users/{id}/events, and what carries it out."""

    method: str
    template: str
    handler: Handler

    def match(self, path: list[str]) -> dict[str, str] | None:
        """Return what stands in the template's braces, or None when the path is another one."""
        parts = self.template.strip("/").split("/")
        if len(parts) != len(path):
            return None
        found = {}
        for part, segment in zip(parts, path, strict=True):
            if part.startswith("{"):
                found[part.strip("{}")] = segment
            elif part.lower() != segment.lower():
                return None
        return found


def segments(path: str) -> list[str]:
    """Return a path's segments, still quoted, with a key in parentheses as a segment of its own."""
    plain = path.replace("%27", "'")
    keyed = KEY.sub(lambda found: f"{found[1]}/{found[2].replace(chr(39) * 2, chr(39))}/", plain)
    return [segment for segment in keyed.split("/") if segment]


def find(endpoints: list[Endpoint], method: str, path: list[str]) -> tuple[Endpoint, dict[str, str]]:
    """Return the operation of a call with its parameters; raises GraphError: 400 unknown path, 405 another method's."""
    matches = [(one, found) for one in endpoints if (found := one.match(path)) is not None]
    if not matches:
        raise unknown_segment(path[-1] if path else "")
    for endpoint, found in matches:
        if endpoint.method == method:
            return endpoint, found
    allowed = ", ".join(sorted(endpoint.method for endpoint, _ in matches))
    raise GraphError(
        405, "MethodNotAllowed", "Specified HTTP method is not allowed for the request target.", {"Allow": allowed}
    )
