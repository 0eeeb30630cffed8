"""What to say about a request that no function of the app takes: its path, its method or its feature. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shared import problems
from shared.api.contract import Contract, Operation
from shared.problems import Problem

ENTRA = "entra/"


@dataclass(frozen=True, slots=True)
class UnknownRequest:
    """The problem, what to do, and the methods that the path has."""

    problem: Problem
    detail: str
    allowed: tuple[str, ...] = ()


def answer_to(method: str, path: str, contract: Contract, enabled: frozenset[str]) -> UnknownRequest:
    """Return the answer to a request for a path below /api/. `enabled` are the names of the features that are on."""
    operations = _at(path, contract)
    served = [each for each in operations if not each.feature or each.feature in enabled]
    off = [each for each in operations if each not in served]
    called = [each for each in off if _takes(each, method)] or ([] if served else off)
    if called:
        text = f"This needs the feature {called[0].feature}, which is off. Ask the customer's IT to add it to FEATURES."
        return UnknownRequest(problems.FEATURE_OFF, text)
    if served and not any(_takes(each, method) for each in served):
        return _other_method(served)
    text = "No route has this path. GET /api/openapi.json lists them; for tokens they are below /api/entra/."
    return UnknownRequest(problems.UNKNOWN_PATH, text)


def _at(path: str, contract: Contract) -> list[Operation]:
    """Return the operations of a path. Routes without a caller exist once; the others below entra/, too."""
    path = path.lstrip("/")
    if path.lower().startswith(ENTRA):
        return [each for each in contract.at(path[len(ENTRA) :]) if each.has_caller]
    return contract.at(path)


def _takes(operation: Operation, method: str) -> bool:
    """Return whether an operation has a method. The host serves HEAD where GET is."""
    return operation.method == ("GET" if method.upper() == "HEAD" else method.upper())


def _other_method(served: list[Operation]) -> UnknownRequest:
    methods = {each.method for each in served}
    allowed = tuple(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    return UnknownRequest(problems.METHOD_NOT_ALLOWED, f"This path takes {', '.join(allowed)}.", allowed)
