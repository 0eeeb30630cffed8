"""The operations of the contract and the functions indexed by the host are the same."""

from __future__ import annotations

import pytest

from shared.features import BY_NAME
from tests.architecture.test_import import CATCH_ALL, ROOT, bindings_of, probed
from tools.openapi.routes import ENTRA_IS_SERVED, operations

LEVELS = {
    "anyone": "ANONYMOUS",
    "Microsoft Graph": "ANONYMOUS",
    "Dataverse": "ANONYMOUS",
    "partner": "FUNCTION",
    "operations": "ADMIN",
}


@pytest.fixture(scope="module")
def indexed() -> dict[str, tuple[str, str, str]]:
    """Return method, route and level of every HTTP function, by name, with every feature on."""
    triggers = bindings_of(probed(ROOT, FEATURES=",".join(BY_NAME)), "httpTrigger")
    return {
        name: (*(method.lower() for method in found["methods"]), found["route"], found.get("authLevel") or "FUNCTION")
        for name, found in triggers.items()
        if name != CATCH_ALL
    }


def test_every_route_is_in_the_contract_with_its_level(indexed: dict[str, tuple[str, str, str]]) -> None:
    """Name, method, route and level; a route for tokens is anonymous for the host."""
    documented = {
        one.function: (one.method, one.route, "ANONYMOUS" if one.by_token else LEVELS[one.caller])
        for one in operations()
    }
    assert indexed == documented


def test_the_routes_for_tokens_are_documented_when_they_are_served(indexed: dict[str, tuple[str, str, str]]) -> None:
    """ENTRA_IS_SERVED matches the app."""
    assert any(name.endswith("_entra") for name in indexed) == ENTRA_IS_SERVED
