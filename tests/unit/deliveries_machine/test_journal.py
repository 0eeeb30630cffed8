"""Claims about the rules of attempts: each is seen when it is broken, and not otherwise."""

from __future__ import annotations

import pytest

from shared.storage.watches import watch_id_of
from tests.schedules.process import BEFORE
from tests.unit.deliveries_machine.stages import MAILBOX, Stage


def delivered(*, is_calm: bool = True) -> Stage:
    """Return a stage whose event the partner has."""
    stage = Stage(is_calm=is_calm)
    stage.read()
    stage.attempt("msg_1", "created")
    stage.row(told='W/"1"')
    return stage


def test_a_delivery_of_a_new_state_breaks_nothing() -> None:
    """With a new id."""
    stage = delivered()
    stage.item.title = "Ola Nordmann 2"
    stage.site.events.changed(stage.item)
    stage.read()
    stage.attempt("msg_2")
    assert stage.broken == []


def test_an_id_of_two_states_is_seen() -> None:
    """Whether or not the first was taken."""
    stage = delivered()
    stage.item.title = "Ola Nordmann 2"
    stage.site.events.changed(stage.item)
    stage.read()
    stage.attempt("msg_1")
    assert stage.broken == ["d"]


def test_a_state_with_two_ids_is_seen() -> None:
    """If the first attempt had no answer."""
    stage = Stage(is_calm=False)
    stage.read()
    stage.attempt("msg_1", "created", is_lost=True)
    stage.read()
    stage.attempt("msg_2", "created")
    assert stage.broken == ["d"]


def test_another_id_after_the_version_before_lost_what_was_tried_breaks_nothing() -> None:
    """It writes a row without the columns that it does not know."""
    stage = Stage(is_calm=False).acting("a1")
    stage.watch()
    stage.read()
    stage.row(tried='W/"1"')
    stage.attempt("msg_1", "created", is_lost=True)
    stage.acting("n1", BEFORE).row(tried="")
    stage.acting("a1")
    stage.read()
    stage.attempt("msg_2", "created")
    assert stage.broken == []


def test_an_id_of_a_removed_watch_is_seen() -> None:
    """When the next watch of the mailbox uses it."""
    stage = delivered()
    stage.site.lives[watch_id_of(MAILBOX)] += 1
    stage.read()
    stage.attempt("msg_1", "created")
    assert stage.broken == ["d"]


def watched_and_removed() -> Stage:
    """Return a stage whose event the partner has, and whose watch is removed after a worker has read it."""
    stage = Stage().acting("late")
    stage.watch()
    stage.read()
    stage.attempt("msg_1", "created")
    stage.row(told='W/"1"', tried="deleted")
    stage.read_watch()
    stage.acting("another").remove()
    return stage


@pytest.mark.parametrize("is_watched_again", [False, True])
@pytest.mark.parametrize(("webhook_id", "kind"), [("msg_1", "created"), ("msg_2", "deleted")])
def test_an_attempt_on_its_way_while_its_watch_is_removed_breaks_nothing(
    webhook_id: str, kind: str, *, is_watched_again: bool
) -> None:
    """The worker had read the watch before. The partner drops what it sends, whether or not a new watch is there."""
    stage = watched_and_removed()
    if is_watched_again:
        stage.watch()
    stage.acting("late").read()
    late = stage.attempt(webhook_id, kind)
    assert (stage.broken, late.life, late.taken) == ([], 0, False)


@pytest.mark.parametrize(("webhook_id", "kind", "broken"), [("msg_1", "created", "d"), ("msg_2", "deleted", "g")])
def test_an_attempt_of_the_next_watch(webhook_id: str, kind: str, broken: str) -> None:
    """By a worker that has read it; also if a late worker still wrote to the former ledger row."""
    stage = watched_and_removed()
    stage.watch()
    stage.acting("late").row(told='W/"1"', tried="deleted 1")
    stage.read_watch()
    stage.read()
    assert (stage.attempt(webhook_id, kind).life, stage.broken) == (1, [broken])


def test_a_deletion_of_what_was_never_tried_is_seen() -> None:
    """The ledger tells what was tried."""
    stage = Stage()
    stage.read()
    stage.attempt("msg_1", "deleted")
    assert stage.broken == ["g"]


def test_a_deletion_of_what_was_tried_breaks_nothing() -> None:
    """Also if the partner did not acknowledge it."""
    stage = Stage(is_calm=False)
    stage.read()
    stage.attempt("msg_1", "created", is_lost=True)
    stage.row(told="", tried='W/"1"')
    stage.read()
    stage.attempt("msg_2", "deleted")
    assert stage.broken == []


def test_a_delivery_without_news_is_seen_in_a_calm_run() -> None:
    """Another etag is no news."""
    for is_calm, broken in ((True, ["f"]), (False, [])):
        stage = delivered(is_calm=is_calm)
        stage.site.events.changed(stage.item)
        stage.read()
        stage.attempt("msg_2")
        assert stage.broken == broken


def test_a_timestamp_that_goes_back_is_seen() -> None:
    """The receiver drops the newer state because of it."""
    stage = delivered()
    stage.item.title = "Ola Nordmann 2"
    stage.site.events.changed(stage.item)
    stage.read()
    stage.attempt("msg_2", back=600.0)
    assert stage.broken == ["e"]


def test_attempts_without_end_are_seen() -> None:
    """After more than eight days, if nobody wanted them again."""
    stage = Stage()
    stage.site.receiver.answers.refused.add("E1")
    stage.read()
    stage.attempt("msg_1", "created")
    stage.scheduler.clock.pass_by(9 * 86_400.0)
    stage.read()
    stage.attempt("msg_1", "created")
    assert stage.broken == ["c"]
