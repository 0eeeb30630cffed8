"""Every answer with a body says that no cache may keep it, and that it is what its type says."""

from __future__ import annotations

import ast
from pathlib import Path

import azure.functions as func
import pytest

import functions
from functions.responses import json_response, problem, problem_of
from shared import problems
from shared.errors import ConfigurationError, RelayError, RequestRejected, ServiceUnavailable, Unauthenticated
from shared.problems import Problem

ALL = [kind for kind in vars(problems).values() if isinstance(kind, Problem)]
FOLDER = Path(functions.__path__[0])
# The handshake's token; the OpenAPI document and the pages of problems, which are public
OF_THEIR_OWN = {"notifications.py", "openapi.py", "problem_pages.py", "responses.py"}


@pytest.mark.parametrize(
    "answer",
    [json_response(200, {}), json_response(201, {}, Location="/x"), problem(problems.UNAUTHENTICATED, "x"),
     problem(problems.RELAY_UNAVAILABLE, "x", 30), problem_of(Unauthenticated("missing"))],
)  # fmt: skip
def test_an_answer_is_not_kept_by_a_cache(answer: func.HttpResponse) -> None:
    """Also a problem: its detail may name a mailbox."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_further_headers_stay() -> None:
    """Of the answer itself."""
    assert json_response(201, {}, Location="/x").headers["Location"] == "/x"
    assert problem(problems.RELAY_UNAVAILABLE, "x", 1.2).headers["Retry-After"] == "2"


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_what_may_be_sent_again_says_when(kind: Problem) -> None:
    """429 and 503 always have Retry-After, also where nobody said how long; other errors have it only if told."""
    answer = problem_of(RequestRejected(kind, "x"))
    assert answer.headers.get("Retry-After") == ("30" if kind.status in (429, 503) else None)
    assert problem_of(RequestRejected(kind, "x", 1.2)).headers["Retry-After"] == "2"
    assert ("Retry-After" in json_response(kind.status, {}).headers) is (kind.status in (429, 503))


@pytest.mark.parametrize("error", [ConfigurationError("X", "y"), ServiceUnavailable("login")], ids=repr)
def test_what_fails_in_the_relay_says_when(error: RelayError) -> None:
    """Also to somebody who is not recognized."""
    assert {problem_of(error, is_recognized=known).status_code for known in (True, False)} == {503}
    assert all("Retry-After" in problem_of(error, is_recognized=known).headers for known in (True, False))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_function_makes_no_body_of_its_own(path: Path) -> None:
    """So each has these headers; a function itself answers with a status only."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "HttpResponse"]
    own = [call for call in made if call.args or {"body", "mimetype"} & {word.arg for word in call.keywords}]
    assert (not own) or path.name in OF_THEIR_OWN


@pytest.mark.parametrize(
    ("error", "detail"),
    [(ConfigurationError("TENANT_ID", "is not set"), "The customer's IT must correct the relay's configuration."),
     (ServiceUnavailable("login"), "Try again soon: login does not answer.")],
)  # fmt: skip
def test_an_unrecognized_caller_gets_a_single_sentence(error: RelayError, detail: str) -> None:
    """Without the name of a setting or secret. A recognized caller gets the text of the error, too."""
    named, nameless = (problem_of(error, is_recognized=known).get_body().decode() for known in (True, False))
    assert str(error) in named
    assert f'"detail": "{detail}"' in nameless
