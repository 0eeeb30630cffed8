"""Bodies of every call: bounded before any work, and no text of them can break an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import (
    auth,
    bookings,
    calendars,
    dead_letters,
    doctor,
    many_subscriptions,
    relay_state,
    resync,
    room_lists,
    scheduling,
    subscriptions,
    unknown_subscriptions,
)
from functions.responses import json_response, problem
from shared import problems
from shared.bodies import MOST_ITEMS
from tests.support.world import MAILBOX
from tests.unit.functions.conftest import HostWorld, call, content_of

MODULES = (bookings, calendars, dead_letters, doctor, many_subscriptions, relay_state, resync, room_lists, scheduling,
           subscriptions, unknown_subscriptions)  # fmt: skip
NAMES = {"id": "0" * 32, "mailbox": MAILBOX, "business": "shop@contoso.com", "appointment": "a"}
UNREADABLE = {
    "items": (b'{"a":[' + b"1," * MOST_ITEMS + b"1]}", "too_many_items"),
    "items before parsing": (b'{"a":[' + b"1," * MOST_ITEMS + b"x", "too_many_items"),
    "half a surrogate pair": (b'{"a":"\\ud800"}', "invalid_request"),
    "half a surrogate pair in a name": (b'{"\\udfff":1}', "invalid_request"),
    "a number of 5,000 digits": (b'{"a":' + b"9" * 5_000 + b"}", "not_a_json_object"),
    "not a number": (b'{"a":NaN}', "not_a_json_object"),
    "nested lists": (b'{"a":' + b"[" * 60_000, "not_a_json_object"),
    "nested objects": (b'{"a":' * 12_000, "not_a_json_object"),
    "other bytes": (b"\xff", "not_a_json_object"),
}  # fmt: skip


def _with_bodies() -> Iterator[tuple[str, str, Any]]:
    """Yield name, method and builder of every protected function that reads a body."""
    for module in MODULES:
        for builder in module.blueprint._function_builders:
            trigger = builder._function.get_trigger().get_dict_repr()
            name = builder._function.get_function_name()
            methods = {str(method) for method in trigger.get("methods", ())} & {"POST", "PATCH"}
            if methods and not name.endswith("_entra"):
                yield name, methods.pop(), builder


FUNCTIONS = {name: (method, builder) for name, method, builder in _with_bodies()}


@pytest.fixture
def everywhere(world: HostWorld, monkeypatch: pytest.MonkeyPatch) -> HostWorld:
    """Return the world, used by the features, too."""
    for module in (auth, bookings, calendars, doctor, scheduling):
        monkeypatch.setattr(module, "relay", lambda: world)
    return world


def test_every_function_with_a_body_is_tested() -> None:
    """A new one takes part in these tests; this list shows that none is overlooked."""
    assert set(FUNCTIONS) == {
        "search_booking_customers", "create_booking_appointment", "change_booking_appointment",
        "cancel_booking_appointment", "create_calendar", "create_event", "change_event", "cancel_event",
        "replay_dead_letters", "examine_relay", "pause_relay", "resume_relay", "stop_relay", "start_relay",
        "resync_subscription",
        "create_booking", "move_booking", "create_subscription", "create_many_subscriptions", "create_room_list",
        "query_subscriptions", "query_slots", "query_booking_availability",
    }  # fmt: skip


@pytest.mark.parametrize("body", UNREADABLE)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_unreadable_body_is_refused_before_any_work(everywhere: HostWorld, name: str, body: str) -> None:
    """The answer has a stable code, and nothing is stored or asked of Graph."""
    method, builder = FUNCTIONS[name]
    before = dict(everywhere.rows.rows)
    answer = call(builder, method, body=UNREADABLE[body][0], route_params=NAMES)
    assert (content_of(answer)["code"], answer.mimetype) == (UNREADABLE[body][1], "application/problem+json")
    assert (everywhere.rows.rows, everywhere.subscriptions.calls) == (before, [])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_thousands_of_unknown_fields_get_a_short_answer(everywhere: HostWorld, name: str) -> None:
    """The answer names the first few: it is not many times longer than the call."""
    method, builder = FUNCTIONS[name]
    body = json.dumps({f"a{number}": 1 for number in range(4_000)}).encode()
    answer = call(builder, method, body=body, route_params=NAMES)
    assert answer.status_code in (404, 422)  # a booking to move is looked for first
    assert len(answer.get_body()) < 3_000


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("field", ["mailboxes", "from"])
def test_nesting_near_the_limit_of_parsing_is_refused(everywhere: HostWorld, name: str, field: str) -> None:
    """What parses just so must not fail where it is checked or named, one call deeper."""
    method, builder = FUNCTIONS[name]
    for depth in range(900, 1_000, 4):
        for inner in ("1", '"\\ud800"'):
            body = f'{{"{field}":{"[" * depth}{inner}{"]" * depth}}}'.encode()
            answer = call(builder, method, body=body, route_params=NAMES)
            assert answer.status_code in (400, 404, 422)


def test_no_mailbox_is_set_up_when_the_answer_could_not_be_written(world: HostWorld) -> None:
    """One text without a form in UTF-8 refuses the whole call; without it, the others are set up."""
    refused = call(create := subscriptions.create_subscription, body=b'{"mailboxes":["a@contoso.com","\\ud800"]}')
    assert (refused.status_code, content_of(refused)["code"], world.subscriptions.calls) == (422, "invalid_request", [])
    assert world.rows.rows == {}
    odd = ["a@contoso.com", "\0", "a\r\nb", "\x7f\u2028", "x" * 50_000, "", "\U0001f600"]
    results = content_of(call(create, body={"mailboxes": odd}))["value"]
    assert [result["status"] for result in results] == [201, 422, 422, 422, 422, 422, 422]


CONTENT = st.dictionaries(st.text(max_size=5), st.text(st.characters(categories=("Cs", "Cc", "L")), max_size=5))


@given(CONTENT)
def test_any_content_is_an_answer(content: dict[str, str]) -> None:
    """Also a title that was cut within a surrogate pair: the reader gets the same text back."""
    answer = json_response(200, content)
    assert json.loads(answer.get_body()) == content
    refused: func.HttpResponse = problem(problems.INVALID_REQUEST, "\ud800", more=content)
    assert content_of(refused)["more"] == content
