"""The window of a request: `from` and `to`, in the names that a route has and had."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.windows import FORMER_NAMES, NAMES, in_new_spelling, names_in, read_window, with_plus
from shared.errors import RequestRejected
from shared.graph.time_zones import zone_named

DAY = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}


def read(**params: str) -> tuple[datetime, datetime]:
    """Return the window of parameters; an underscore ends the name of one that Python reserves."""
    start, end = read_window(
        DAY | {name.rstrip("_"): text for name, text in params.items()}, longest=timedelta(days=31)
    )
    return start.utc, end.utc


def test_a_window_is_two_instants() -> None:
    """Whatever their offsets; a plus sign that was not escaped arrives as a space."""
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    assert read() == (midnight, midnight + timedelta(days=1))
    for text in ("2026-11-20T01:00:00+01:00", "2026-11-20T01:00:00 01:00", "2026-11-19T19:00:00-05:00",
                 "2026-11-20t00:00:00z", "2026-11-20T00:00:00.123456789Z", "2026-11-20T00:00Z"):  # fmt: skip
        assert read(from_=text)[0] == midnight


def test_a_local_time_needs_a_zone() -> None:
    """An hour before UTC in Oslo in winter."""
    local = {"from": "2026-11-20T00:00:00", "to": "2026-11-21T00:00:00"}
    start, _ = read_window(local, zone_named("Europe/Oslo"))
    assert start.utc == datetime(2026, 11, 19, 23, tzinfo=UTC)
    with pytest.raises(RequestRejected, match="from: has no zone"):
        read_window(local)


@pytest.mark.parametrize(
    ("params", "detail"),
    [({"from_": ""}, "from and to: give both"), ({"to": ""}, "from and to: give both"),
     ({"to": "2026-11-20T00:00:00Z"}, "to: must be after from"),
     ({"to": "2026-12-21T00:00:01Z"}, "to: at most 31 days"), ({"from_": "2026-11-20"}, "from"),
     ({"from_": "yesterday"}, "from"), ({"to": "2026-11-21T00:00:00Z,2026-11-22T00:00:00Z"}, "to")],
)  # fmt: skip
def test_no_window(params: dict[str, str], detail: str) -> None:
    """The error names the parameter; a parameter that is given twice is no time."""
    with pytest.raises(RequestRejected, match=detail) as caught:
        read(**params)
    assert caught.value.status == 422


def test_an_old_spelling_names_itself_in_errors() -> None:
    """The caller knows no other name."""
    with pytest.raises(RequestRejected, match="end: must be after start"):
        read_window({"start": DAY["to"], "end": DAY["from"]}, names=names_in({"start": "", "end": ""}))


@pytest.mark.parametrize("params", [{"start": "a"}, {"end": "a"}, {"start": "a", "end": "b"}], ids=str)
def test_the_old_names(params: dict[str, str]) -> None:
    """They are read as the new ones."""
    assert names_in(params) == FORMER_NAMES
    assert in_new_spelling(params | {"x": "y"}) == {
        {"start": "from", "end": "to"}[name]: text for name, text in params.items()
    } | {"x": "y"}


@pytest.mark.parametrize("new", NAMES)
@pytest.mark.parametrize("old", FORMER_NAMES)
def test_both_spellings_at_once_are_refused(old: str, new: str) -> None:
    """Also for the other end of the window, and with the same value: nobody knows which is meant."""
    with pytest.raises(RequestRejected) as caught:
        names_in({old: "a", new: "a"})
    assert (caught.value.status, caught.value.problem.code) == (422, "invalid_parameter")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2098, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_a_time_survives_a_query_without_escapes(moment: datetime, minutes: int) -> None:
    """Whatever its offset."""
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{moment.isoformat(timespec='seconds')}{sign}{hours:02}:{rest:02}"
    assert with_plus(text.replace("+", " ")) == text
