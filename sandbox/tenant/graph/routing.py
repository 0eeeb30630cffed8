"""Graph's paths: segments, keys in parentheses, and matching templates.

OData URL conventions: /users/{id} and /users('{id}') are equivalent. Names of segments are case-insensitive.
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
APP_ID = re.compile(r"([A-Za-z]+)(\(appId='[^']*'\))(/|$)", re.IGNORECASE)
KEY = re.compile(r"([A-Za-z]+)\('((?:[^']|'')*)'\)(?:/|$)")


@dataclass(frozen=True)
class Endpoint:
    """One operation of Graph: its method, its template such as /users/{id}/events, and its handler."""

    method: str
    template: str
    handler: Handler

    def match(self, path: list[str]) -> dict[str, str] | None:
        """Return the parameters of the template, or None if the path does not match."""
        parts = self.template.strip("/").split("/")
        if len(parts) != len(path):
            return None
        parameters = {}
        for part, segment in zip(parts, path, strict=True):
            if part.startswith("{"):
                parameters[part.strip("{}")] = segment
            elif part.lower() != segment.lower():
                return None
        return parameters


def segments(path: str) -> list[str]:
    """Return a path's segments, still percent-encoded, with a key in parentheses as a separate segment.

    The key of an alternate name keeps its parentheses: (appId='…'). Graph decodes an encoded slash before it splits
    the path: %2F ends a segment as well (microsoft-graph-docs, issue 10167).
    """
    plain = re.sub("%2f", "/", path, flags=re.IGNORECASE)
    plain = plain.replace("%27", "'").replace("%28", "(").replace("%29", ")").replace("%3D", "=")
    plain = APP_ID.sub(r"\1/\2\3", plain)
    keyed = KEY.sub(lambda match: f"{match[1]}/{match[2].replace(chr(39) * 2, chr(39))}/", plain)
    return [segment for segment in keyed.split("/") if segment]


def find(endpoints: list[Endpoint], method: str, path: list[str]) -> tuple[Endpoint, dict[str, str]]:
    """Return the operation of a call and its parameters. Raises GraphError: 400 unknown path, 405 wrong method."""
    matches = [(each, parameters) for each in endpoints if (parameters := each.match(path)) is not None]
    if not matches:
        raise unknown_segment(path[-1] if path else "")
    for endpoint, parameters in matches:
        if endpoint.method == method:
            return endpoint, parameters
    allowed = ", ".join(sorted(endpoint.method for endpoint, _ in matches))
    raise GraphError(
        405, "MethodNotAllowed", "Specified HTTP method is not allowed for the request target.", {"Allow": allowed}
    )
