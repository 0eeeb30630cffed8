"""Find the function for a method and a path.

"Azure Functions HTTP trigger, Customize the HTTP endpoint". The host tries the routes in the order of the functions'
names, not by how specific they are. A method that is not listed gets 404; HEAD is served where GET is, and gets 405
elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.host.plan import FunctionPlan

_PARAMETER = re.compile(r"(/?)\{(\*{0,2})(\w+)(?::([^{}?]+))?(\?)?\}")
_CONSTRAINTS = {
    "": "[^/]+",
    "int": r"-?\d+",
    "long": r"-?\d+",
    "bool": "(?:true|false)",
    "alpha": "[a-z]+",
    "guid": "[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}",
}
_RESERVED = ("admin", "runtime")


class RouteError(Exception):
    """A route that the host would reject, or that this host does not support."""


@dataclass(frozen=True, slots=True)
class Route:
    """A function's path (a regular expression over the decoded path) and methods (None: all)."""

    plan: FunctionPlan
    pattern: re.Pattern[str]
    methods: frozenset[str] | None


class RouteTable:
    """The routes of all HTTP functions. Raises RouteError for a route that cannot be served."""

    def __init__(self, plans: Sequence[FunctionPlan], prefix: str) -> None:
        self._routes = [_route(plan, prefix) for plan in plans if plan.kind == "httpTrigger"]
        self._cache: dict[tuple[str, str], FunctionPlan] = {}

    def find(self, method: str, raw_path: str) -> tuple[FunctionPlan | None, dict[str, str], int]:
        """Return the function and its route parameters, or None and the status to return (404 or 405).

        `raw_path` is percent-encoded, without a query.
        """
        cached = self._cache.get((method, raw_path))
        if cached is not None:
            return cached, {}, 200
        path = _decoded(raw_path)
        head_refused = False
        for route in self._routes:
            match = route.pattern.fullmatch(path)
            if match is None:
                continue
            if route.methods is None or method in route.methods:
                return self._matched(method, raw_path, route, match)
            head_refused = head_refused or method == "HEAD"
        return None, {}, 405 if head_refused else 404

    def _matched(
        self, method: str, raw_path: str, route: Route, match: re.Match[str]
    ) -> tuple[FunctionPlan, dict[str, str], int]:
        """Return the match, and cache a path without parameters so that its patterns are tried only once."""
        parameters = {name: value for name, value in match.groupdict().items() if value}
        if not match.re.groups and len(self._cache) < 1000:
            self._cache[method, raw_path] = route.plan
        return route.plan, parameters, 200


def _route(plan: FunctionPlan, prefix: str) -> Route:
    """Compile a function's route template; the default is the function's name."""
    template = str(plan.trigger.get("route") or plan.name).strip("/")
    if template.lower().split("/")[0] in _RESERVED:
        raise RouteError(f"{plan.name}: the route {template!r} is reserved for the host")
    listed = {method.upper() for method in plan.trigger.get("methods") or ()}
    if "GET" in listed:
        listed.add("HEAD")
    return Route(plan, _compiled(plan.name, f"{prefix}/{template}".strip("/")), frozenset(listed) or None)


def _compiled(name: str, template: str) -> re.Pattern[str]:
    """Convert an ASP.NET route template to a regular expression, ignoring case."""
    pattern, end = "/", 0
    for match in _PARAMETER.finditer(template):
        slash, star, parameter, constraint, optional = match.groups()
        if (constraint or "") not in _CONSTRAINTS:
            raise RouteError(f"{name}: the route constraint {constraint!r} is not supported")
        value = ".*" if star else _CONSTRAINTS[constraint or ""]
        group = f"{slash}(?P<{parameter}>{value})"
        pattern += re.escape(template[end : match.start()]) + (f"(?:{group})?" if star or optional else group)
        end = match.end()
    return re.compile(pattern + re.escape(template[end:]) + "/?", re.IGNORECASE | re.DOTALL)


def _decoded(raw_path: str) -> str:
    """Decode a path as ASP.NET does: an encoded slash stays encoded, so that it does not separate segments."""
    if "%" not in raw_path:
        return raw_path
    return unquote(re.sub("%2[fF]", "%252F", raw_path))
