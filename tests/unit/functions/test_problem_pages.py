"""The address in `type` of problem details explains the code, without a key."""

from __future__ import annotations

from urllib.parse import urljoin

import azure.functions as func
import pytest

from functions.problem_pages import get_problem
from functions.responses import problem, problem_members
from shared import problems
from shared.problems import Problem
from tests.unit.functions.conftest import call, content_of

ALL = [kind for kind in vars(problems).values() if isinstance(kind, Problem)]
CALLED = "https://relay.example/api/entra/subscriptions?x=1"


def page(code: str) -> func.HttpResponse:
    """Return the page of a code."""
    return call(get_problem, "GET", f"problems/{code}", route_params={"code": code})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_each_type_resolves(kind: Problem) -> None:
    """From each base: it is a relative reference with an absolute path."""
    content = content_of(problem(kind, "What to do."))
    where = urljoin(CALLED, content["type"])
    assert where == f"https://relay.example/api/problems/{kind.code}"
    response = page(where.rpartition("/")[2])
    assert (response.status_code, response.mimetype) == (200, "text/plain")
    assert response.get_body().decode().startswith(f"{kind.code} ({kind.status}): {kind.title}\n")
    assert response.headers["Cache-Control"] == "public, max-age=86400"


def test_the_result_of_a_mailbox_of_several_has_the_type_too() -> None:
    """It has the members of a problem."""
    assert problem_members(problems.STOPPED, "x")["type"] == "/api/problems/stopped"


@pytest.mark.parametrize(
    "code", ["no_such_code", "SLOT_TAKEN", "../health", "slot_taken\r\nX: y", "\ud800", "x" * 5_000]
)
def test_an_unknown_code_is_a_problem_of_its_own(code: str) -> None:
    """Its text does not repeat what was asked."""
    response = page(code)
    assert (response.status_code, content_of(response)["code"]) == (404, "problem_unknown")
    assert len(response.get_body()) < 500


def test_a_parameter_is_refused() -> None:
    """The route is new."""
    response = call(get_problem, "GET", "problems/stopped", route_params={"code": "stopped"}, params={"lang": "no"})
    assert (response.status_code, content_of(response)["code"]) == (422, "unknown_parameter")
