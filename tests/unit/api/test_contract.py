"""Routes and parameters are read from the document that is shipped."""

from __future__ import annotations

import pytest

from shared.api.contract import Contract, contract
from tools.openapi.operation import Operation
from tools.openapi.routes import operations

ALL = [*operations(entra=False)]


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.function)
def test_each_operation_is_read_as_it_is_declared(operation: Operation) -> None:
    """Otherwise a parameter that the route has would be called unknown: run `python -m tools.openapi`."""
    read = contract().operation(operation.method, operation.route)
    assert read.feature == ("" if operation.feature == "relay" else operation.feature)
    assert read.parameters == {query.name for query in operation.query}
    assert read.deprecated == {query.name for query in operation.query if query.deprecated}
    assert read in contract().at(operation.route.replace("{", "").replace("}", ""))


def test_a_path_is_compared_as_the_host_does() -> None:
    """Without regard to case, and with or without a slash at its end; a part that is empty is none."""
    known = Contract({"paths": {"/A/{id}": {"get": {"security": [{"k": []}]}, "parameters": []}}})
    assert [each.route for path in ("a/x", "A/X/", "/a/x") for each in known.at(path)] == ["A/{id}"] * 3
    assert [known.at(path) for path in ("a", "a/", "a//", "a/x/y", "b/x", "")] == [[]] * 6


def test_a_document_with_the_prefix_is_read_too() -> None:
    """The paths of version 1 begin with /api/."""
    assert Contract({"paths": {"/api/x": {"get": {}}}}).operation("GET", "x").has_caller is False


def test_a_route_that_the_document_lacks_has_no_parameters() -> None:
    """It is no reason for an error 500."""
    assert Contract({"paths": {}}).operation("GET", "x").parameters == frozenset()
