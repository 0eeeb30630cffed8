"""Each example of docs/examples, in Python and in Node, gets each refusal at each of its calls, and ends as
docs/examples.md says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from tests.support.example_calls import CALLS, CREDENTIALS, EVENT, ExampleCall
from tests.support.example_runs import EXAMPLES, Run, ended, printed_by
from tests.support.example_server import Answer, Scenario, prepared, success
from tests.support.pages import blocks

pytestmark = pytest.mark.server


@dataclass(frozen=True)
class Refusal:
    """An answer, how often it comes, how long an example waits, and the code it ends with; "" after which it passes."""

    answer: Answer
    code: str = ""
    times: int = 1
    waits: tuple[float, ...] = ()
    slack: float = 0.01

    def scenario(self, call: ExampleCall, at: int) -> Scenario:
        """Return the answers of a call that is refused at one of its requests."""
        answers = [success(content) for content in call.answers]
        return Scenario(answers[:at] + [self.answer] * self.times + answers[at:])


def problem(status: int, code: str, retry_after: str = "") -> Answer:
    """Return a problem detail as the relay answers it."""
    body = {"type": f"/api/problems/{code}", "title": "Refused", "status": status, "code": code, "detail": "Do this."}
    return Answer(status, json.dumps(body), {"Retry-After": retry_after} if retry_after else {})


def until(seconds: float) -> Answer:
    """Return a 503 whose Retry-After names a moment, so many seconds after the answer."""
    return replace(problem(503, "stopped"), retry_at=seconds)


PAGE = "<html>no</html>"
BUSY, LATER = problem(429, "too_many_calls", "7"), problem(503, "relay_unavailable", "30")
NO_ANSWER = Answer(0)
REFUSALS = {
    "401 without a body": Refusal(Answer(401), "status_401"),
    "401 of the relay": Refusal(problem(401, "unauthenticated"), "unauthenticated"),
    "403": Refusal(problem(403, "mailbox_not_allowed"), "mailbox_not_allowed"),
    "200 of a proxy": Refusal(Answer(200, PAGE, content_type="text/html"), "status_200"),
    "403 of a proxy": Refusal(Answer(403, PAGE, content_type="text/html"), "status_403"),
    "403 with a code that is empty": Refusal(Answer(403, '{"code": "", "detail": null}'), "status_403"),
    "404": Refusal(problem(404, "subscription_not_found"), "subscription_not_found"),
    "404 without a body": Refusal(Answer(404), "status_404"),
    "409": Refusal(problem(409, "delivery_differs"), "delivery_differs"),
    "409 for a slot": Refusal(problem(409, "slot_taken"), "slot_taken"),
    "409 without a body": Refusal(Answer(409), "status_409"),
    "422": Refusal(problem(422, "invalid_request"), "invalid_request"),
    "422 that is no object": Refusal(Answer(422, "[1]"), "status_422"),
    "422 that is null": Refusal(Answer(422, "null"), "status_422"),
    "422 that is a text": Refusal(Answer(422, '"code"'), "status_422"),
    "500": Refusal(Answer(500), "status_500"),
    "501": Refusal(problem(501, "feature_off"), "feature_off"),
    "502": Refusal(problem(502, "graph_rejected"), "graph_rejected"),
    "502 of a gateway": Refusal(Answer(502, PAGE, content_type="text/html"), waits=(5,)),
    "504 of a gateway": Refusal(Answer(504, '{"message": "timeout"}'), waits=(5,)),
    "a redirect": Refusal(Answer(302, headers={"Location": "/elsewhere"}), "status_302"),
    "429 once": Refusal(BUSY, waits=(7,)),
    "429 without Retry-After": Refusal(problem(429, "too_many_calls"), waits=(5,)),
    "429 of a gateway": Refusal(Answer(429, PAGE, {"Retry-After": "2"}, "text/html"), waits=(2,)),
    "429 for ever": Refusal(BUSY, "too_many_calls", 5, (7,) * 4),
    "503 twice": Refusal(LATER, times=2, waits=(30, 30)),
    "503 without a body": Refusal(Answer(503), waits=(5,)),
    "503 at once": Refusal(problem(503, "stopped", "0"), waits=(1,)),
    "503 until a date": Refusal(until(200), waits=(200,), slack=99),
    "503 until a date in the past": Refusal(until(-9), waits=(1,)),
    "503 until nonsense": Refusal(problem(503, "stopped", "soon"), waits=(5,)),
    "503 until a fraction": Refusal(problem(503, "stopped", "1.5"), waits=(5,)),
    "503 until less than nothing": Refusal(problem(503, "stopped", "-9"), waits=(5,)),
    "503 until no date": Refusal(problem(503, "stopped", "Mon, 30 Nov 99999999999999999999 07:00:00 GMT"), waits=(5,)),
    "503 for five minutes": Refusal(problem(503, "stopped", "300"), waits=(300,)),
    "503 for ever": Refusal(LATER, "relay_unavailable", 5, (30,) * 4),
    "503 for a day": Refusal(problem(503, "stopped", "86400"), "stopped"),
    "503 for ages": Refusal(problem(503, "stopped", "9" * 400), "stopped"),
    "503 until a date of next week": Refusal(until(604_800), "stopped"),
    "no answer four times": Refusal(NO_ANSWER, times=4, waits=(5,) * 4),
    "half an answer": Refusal(Answer(200, json.dumps(EVENT), sent=0.5), waits=(5,)),
}
PLANNED = [(call, name, at) for call in CALLS for name in REFUSALS for at in range(len(call.answers))]


@cache
def refused(language: str) -> dict[tuple[str, str, int], Run]:
    """Return a run for each call, refusal and request, with either credential in turn."""
    credentials = list(CREDENTIALS.values())
    runs = [
        (call, REFUSALS[name].scenario(call, at), credentials[number % 2])
        for number, (call, name, at) in enumerate(PLANNED)
    ]
    keys = [(call.name, name, at) for call, name, at in PLANNED]
    return dict(zip(keys, ended(language, runs), strict=True))


def expected(call: ExampleCall, refusal: Refusal) -> dict[str, Any]:
    """Return how a call ends."""
    if refusal.code == "" or refusal.code in call.ends:
        return {"result": call.ends.get(refusal.code, call.result)}
    return {"error": "Refused", "status": refusal.answer.status, "code": refusal.code}


languages = pytest.mark.parametrize("language", ["python", "node"])
calls = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)


@languages
@calls
def test_an_example_ends_as_the_page_says(call: ExampleCall, language: str) -> None:
    """After 429, 503 and no answer it waits and repeats, five tries in all; else it ends with the status and code."""
    for name, refusal in REFUSALS.items():
        for at in range(len(call.answers)):
            end, wanted = refused(language)[call.name, name, at].end, expected(call, refusal)
            assert {key: end.get(key, "nothing") for key in wanted} == wanted, (name, at, end)
            assert end["waits"] == pytest.approx(refusal.waits, abs=refusal.slack), (name, at)


@languages
def test_no_answer_five_times_is_the_error_of_the_library(language: str) -> None:
    """The connection's own error, which is no Refused."""
    for run in ended(language, [(call, Scenario([NO_ANSWER]), CREDENTIALS["/api/"]) for call in CALLS]):
        assert run.end["error"] in ("ConnectionError", "TypeError")
        assert (run.end["waits"], len(run.scenario.requests)) == ([5] * 4, 5)


@languages
def test_a_repeated_call_is_the_same_call(language: str) -> None:
    """Every try has the same method, path, body and Idempotency-Key, below the base of its credential."""
    for (_, name, at), run in refused(language).items():
        tries = 1 + len(REFUSALS[name].waits)
        came = run.scenario.requests[at : at + tries]
        assert len(came) == tries
        assert len({(each.method, each.path, each.body, each.headers.get("idempotency-key")) for each in came}) == 1
        base = next(base for base, credential in CREDENTIALS.items() if credential == run.credential)
        assert all(each.path.startswith(base) for each in run.scenario.requests if "next" not in each.path)
        assert all(_credential(each.headers) == run.credential for each in run.scenario.requests)


def _credential(headers: Any) -> dict[str, str]:
    if "x-functions-key" in headers:
        return {"key": headers["x-functions-key"]}
    return {"token": headers["authorization"].removeprefix("Bearer ")}


@languages
def test_an_error_says_what_to_do(language: str) -> None:
    """Its text has the relay's detail and code."""
    end = refused(language)[CALLS[0].name, "403", 0].end
    assert (end["detail"], end["text"]) == ("Do this.", "403 mailbox_not_allowed: Do this.")


@languages
def test_the_nearest_slots_reach_the_caller(language: str) -> None:
    """A slot that is taken gives the nearest free ones."""
    taken = Answer(409, json.dumps({"code": "slot_taken", "nearest": [{"start": "2026-12-01T10:00:00Z"}]}))
    call = next(call for call in CALLS if call.name == "scheduling.book")
    (run,) = ended(language, [(call, Scenario([taken]), CREDENTIALS["/api/"])])
    assert run.end["result"] == [None, [{"start": "2026-12-01T10:00:00Z"}]]


@languages
@pytest.mark.parametrize(
    ("conflicts", "end"), [(1, {"result": EVENT}), (4, {"result": EVENT}), (5, {"code": "event_changed"})]
)
def test_a_change_of_others_is_read_before_the_next_try(language: str, conflicts: int, end: dict[str, Any]) -> None:
    """After 412 `rename` reads again and sends the new ETag, five times in all."""
    call = next(call for call in CALLS if call.name == "calendars.rename")
    answers = [answer for number in range(conflicts) for answer in (_event(number), problem(412, "event_changed"))]
    (run,) = ended(language, [(call, Scenario([*answers, _event(9), success(EVENT)]), CREDENTIALS["/api/"])])
    assert {key: run.end.get(key) for key in end} == end
    tags = [request.headers["if-match"] for request in run.scenario.requests if request.method == "PATCH"]
    assert tags == [*map(str, range(conflicts)), "9"][:5]


def _event(number: int) -> Answer:
    return success(EVENT | {"etag": str(number)})


@languages
@pytest.mark.parametrize(
    ("answers", "printed"),
    [([success(EVENT)], "AAMk1"), ([problem(503, "stopped", "1"), success(EVENT)], "AAMk1"),
     ([problem(403, "mailbox_not_allowed")], "mailbox_not_allowed Do this.")],
    ids=["success", "503", "403"],
)  # fmt: skip
def test_the_lines_of_the_page_run(language: str, answers: list[Answer], printed: str) -> None:
    """Beside the files, they print the id of the event, or why it was refused."""
    with prepared({"page": Scenario(answers)}) as origin:
        lines = blocks("examples", "python" if language == "python" else "js")[0]
        assert printed_by(language, lines.replace("https://THEIR-APP", f"{origin}/page")) == f"{printed}\n"


def test_every_function_of_the_examples_is_called() -> None:
    """CALLS has a row for each function that takes a relay, in both languages."""
    for suffix, pattern, called_by in (
        ("py", r"^def (\w+)\(relay: ", "python"), ("mjs", r"^export (?:async )?function\*? ?(\w+)\(relay\b", "node"),
    ):  # fmt: skip
        files = sorted(EXAMPLES.glob(f"*.{suffix}"))
        functions = {(file.stem, name) for file in files for name in re.findall(pattern, file.read_text(), re.M)}
        assert functions == {(call.file, getattr(call, called_by)) for call in CALLS}
