"""Ids of appointments survive a route of the relay, as the Functions host hands it over, and come back as they were."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.graph.bookings.ids import Seat, route_id, seat_of

ALPHABET = "ABCXYZabcxyz0189+/=_-"
ids = st.text(ALPHABET, min_size=1, max_size=40)


def decoded(path: str) -> str:
    """Decode a step of a path as the Functions host does: an escaped slash stays escaped."""
    return unquote(re.sub("%2f", "%252F", path, flags=re.IGNORECASE))


@given(ids, ids | st.just(""))
@example("AAMk/a+b/c==", "")
@example("///", "+/+")
def test_an_id_comes_back_from_a_route(appointment: str, customer: str) -> None:
    """Escaped by the caller or not; it needs no escape that a host leaves as it is."""
    given_out = route_id(appointment, customer)
    assert re.fullmatch("[A-Za-z0-9_=~-]+", given_out)
    for sent in (given_out, quote(given_out, safe="")):
        assert seat_of(decoded(sent)) == Seat(appointment, customer)


@given(ids)
@example("AAMkADc7zF4J0AAA8v_KnAAA=")
@example("AAMk/a+b/c==")
def test_an_id_of_an_earlier_version_is_understood(appointment: str) -> None:
    """It was Graph's own, escaped; the host leaves the escaped slash."""
    for slash in ("%2F", "%2f"):
        assert seat_of(decoded(quote(appointment, safe="").replace("%2F", slash))) == Seat(appointment)


@given(ids.filter(lambda text: not {"/", "+"} & set(text)))
def test_an_ordinary_id_is_unchanged(appointment: str) -> None:
    """So that callers who kept one find the same."""
    assert route_id(appointment) == appointment


@given(ids, ids, ids, ids)
def test_different_seats_have_different_ids(first: str, other: str, customer: str, another: str) -> None:
    """No two appointments or customers share an id."""
    seats = {(first, ""), (other, ""), (first, customer), (other, another)}
    assert len({route_id(*seat) for seat in seats}) == len(seats)


@pytest.mark.parametrize("text", ["", "~", "A~", "A~3", "A~c", "~cA", "A~c~", "A~0"])
def test_what_is_no_id_is_refused(text: str) -> None:
    """A tilde stands for something in every id."""
    with pytest.raises(ValueError, match="not an id"):
        seat_of(text)
