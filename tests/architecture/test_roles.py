"""The roles of all routes, as docs/security.md states them."""

from __future__ import annotations

import ast
from pathlib import Path

import functions
from tools.openapi.operation import WITH_KEY
from tools.openapi.routes import operations

# In the body of a POST, because the host logs URLs.
READS = {
    "search_booking_customers", "query_subscriptions", "query_slots", "query_booking_availability",
    "query_availability",
}  # fmt: skip
ANONYMOUS = {"receive_notifications", "receive_lifecycle_events", "health", "openapi", "version", "get_problem"}

WITH_SECRET = {"receive_bookings"}  # of Dataverse's webhooks


def declared() -> dict[str, tuple[str, str]]:
    """Return method and role of each handler that is declared with functions.auth.route, by its name."""
    found: dict[str, tuple[str, str]] = {}
    for path in Path(functions.__path__[0]).glob("*.py"):
        handlers = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))
        for node in handlers:
            for call in node.decorator_list:
                if pair := _method_and_role(call):
                    found[node.name] = pair
    return found


def _method_and_role(decorator: ast.expr) -> tuple[str, str] | None:
    if not (isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "route"):
        return None
    given = {word.arg: word.value for word in decorator.keywords}
    return ast.literal_eval(given["methods"])[0], ast.unparse(given["role"])


def test_all_routes_but_six_need_a_key_or_a_token() -> None:
    """Each of the others is declared with a role; webhooks have a secret of their own."""
    assert {one.function for one in operations(entra=False) if one.caller not in WITH_KEY} == ANONYMOUS | WITH_SECRET
    assert declared().keys() == {one.function for one in operations(entra=False)} - ANONYMOUS - WITH_SECRET


def test_a_route_that_writes_needs_a_role_that_writes() -> None:
    """Relay.Read opens what a GET reads, the queries, and the search of customers."""
    for name, (method, role) in declared().items():
        allowed = {"READ", "ADMIN"} if method == "GET" or name in READS else {"SETUP", "ADMIN"}
        assert role in allowed, name
