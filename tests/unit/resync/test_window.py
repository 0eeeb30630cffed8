"""The window is as set, and never longer than Graph allows for a calendar view."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.config import LONGEST_VIEW_DAYS, Settings
from shared.errors import ConfigurationError
from shared.health.checks import is_up
from shared.resync.window import window_of
from tests.support.world import SETTINGS, START, WATCH_ID, World, event


def settings(past: int | str, future: int | str) -> Settings:
    """Return settings with a window of so many days."""
    return Settings.load(SETTINGS | {"WINDOW_PAST_DAYS": str(past), "WINDOW_FUTURE_DAYS": str(future)})


@given(st.integers(0, 3_650), st.integers(1, 3_650))
@example(0, 1_825)
@example(1, 1_825)
@example(3_650, 3_650)
def test_a_window_above_graphs_limit_is_a_problem_and_shortened(past: int, future: int) -> None:
    """The past is shortened first; a window within the limit is as set, without a problem."""
    given_settings = settings(past, future)
    window = window_of(given_settings, START)
    assert window.end - window.start == timedelta(days=min(past + future, LONGEST_VIEW_DAYS))
    assert window.end - START == timedelta(days=min(future, LONGEST_VIEW_DAYS))
    is_above = past + future > LONGEST_VIEW_DAYS
    assert list(given_settings.problems) == (["WINDOW_PAST_DAYS"] if is_above else [])
    assert (given_settings.window_past_days, given_settings.window_future_days) == (past, future)


def test_the_problem_says_what_is_used() -> None:
    """It names both settings, the limit and the days that are used."""
    text = settings(1_800, 180).problems["WINDOW_PAST_DAYS"]
    assert text == (
        "1980 days with WINDOW_FUTURE_DAYS; Graph allows 1825 in a calendar view: 1645 past and 180 future are used"
    )


@pytest.mark.parametrize(
    ("past", "future", "name"), [("x", "3650", "WINDOW_PAST_DAYS"), ("1", "x", "WINDOW_FUTURE_DAYS")]
)
def test_a_window_with_an_unreadable_part_has_only_that_problem(past: str, future: str, name: str) -> None:
    """Nothing is known of the sum, and the window cannot be computed."""
    broken = settings(past, future)
    assert list(broken.problems) == [name]
    with pytest.raises(ConfigurationError, match=name):
        window_of(broken, START)


def test_a_relay_with_a_window_above_the_limit_still_resyncs() -> None:
    """Graph refuses the window as it is set. Health names the setting, and the relay is up."""
    world = World(WINDOW_PAST_DAYS="3650", WINDOW_FUTURE_DAYS="3650")
    watch = world.watch()
    world.events.by_id = {"A": event("A", "1")}
    world.resync.resync(watch)
    assert [change.event_id for message, _ in world.changes.take() for change in message.changes] == ["A"]
    results = {check.name: check for check in world.health_checks.check_all()}
    assert not results["settings"].ok
    assert results["settings"].text.startswith("WINDOW_PAST_DAYS: 7300 days")
    assert is_up([results["settings"]])
    assert watch.id == WATCH_ID


def test_another_broken_setting_is_not_up_beside_it() -> None:
    """Only a setting for which the relay uses a smaller value leaves it working."""
    world = World(WINDOW_PAST_DAYS="3650", WINDOW_FUTURE_DAYS="3650", SETTLE_SECONDS="x")
    (check,) = [check for check in world.health_checks.check_all() if check.name == "settings"]
    assert not check.ok
    assert not is_up([check])
