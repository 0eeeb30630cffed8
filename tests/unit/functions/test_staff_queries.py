"""The availability of staff who are named in a body, and the addresses that earlier versions took from the URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from functions import bookings
from tests.support.booking_calls import CalledWorld, call_business, called_world
from tests.unit.functions.conftest import content_of

WINDOW = {"from": "2026-11-24T00:00:00Z", "to": "2026-11-25T00:00:00Z"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[CalledWorld]:
    """Return a world that the functions use as the process's relay."""
    with called_world(monkeypatch) as called:
        yield called


def queried(body: dict[str, Any], params: dict[str, str] | None = None) -> Any:
    """Return the response to a body."""
    return call_business(bookings.query_booking_availability, "POST", body, params)


@pytest.mark.parametrize("staff", [[], ["ada"], ["bob", "ada"], ["Ada", "ada"], ["ada@contoso.com"]],
                         ids=["all", "id", "ids", "name and id", "address"])  # fmt: skip
def test_a_body_returns_what_the_parameters_return(world: CalledWorld, staff: list[str]) -> None:
    """The answers are equal; staff in a URL is an old spelling."""
    params = WINDOW | ({"staff": ",".join(staff)} if staff else {})
    by_query = call_business(bookings.get_booking_availability, params=params)
    by_body = queried({**WINDOW, "staff": staff} if staff else dict(WINDOW))
    assert (by_query.status_code, by_body.status_code) == (200, 200)
    assert content_of(by_query) == content_of(by_body)
    assert len(content_of(by_body)["value"]) == (len(set(map(str.lower, staff))) or 3)
    for name in ("Deprecation", "Sunset"):
        assert [name in answer.headers for answer in (by_query, by_body)] == [bool(staff), False]


def test_an_unknown_address_in_a_url_is_an_old_spelling_too(world: CalledWorld) -> None:
    """A refusal says it as well."""
    answer = call_business(bookings.get_booking_availability, params=WINDOW | {"staff": "nobody@contoso.com"})
    assert (answer.status_code, "Deprecation" in answer.headers) == (404, True)
    answer = call_business(bookings.get_booking_availability, params={"staff": "nobody@contoso.com"})
    assert (answer.status_code, "Deprecation" in answer.headers) == (422, True)
    assert content_of(queried({**WINDOW, "staff": ["nobody@contoso.com"]}))["code"] == "staff_not_found"


@pytest.mark.parametrize(
    ("body", "named"),
    [({}, "from"), ({"from": WINDOW["from"]}, "to"), ({**WINDOW, "to": "2027-11-25T00:00:00Z"}, "to"),
     ({**WINDOW, "from": "2026-11-24T00:00:00"}, "from"), ({**WINDOW, "from": 5}, "from"),
     ({**WINDOW, "staff": "ada"}, "staff"), ({**WINDOW, "staff": [""]}, "staff"), ({**WINDOW, "staff": [5]}, "staff"),
     ({**WINDOW, "staff": [f"canary{n}" for n in range(51)]}, "staff"), ({**WINDOW, "start": "x"}, "start")],
)  # fmt: skip
def test_an_invalid_field_is_named(world: CalledWorld, body: dict[str, Any], named: str) -> None:
    """The response is a 422 that starts with the field, without its value."""
    answer = queried(body)
    detail = content_of(answer)["detail"]
    assert (answer.status_code, detail.startswith(named), "canary" in detail) == (422, True, False)


def test_an_unknown_parameter_is_refused(world: CalledWorld) -> None:
    """So an address that is sent in the URL by mistake is noticed."""
    answer = queried(dict(WINDOW), {"staff": "ada@contoso.com"})
    assert (answer.status_code, content_of(answer)["code"]) == (422, "unknown_parameter")
