"""All messages that the code before the restructure put on the queues are read and processed."""

from __future__ import annotations

from collections import Counter

import pytest

from shared.graph.subscriptions import mailbox_of
from shared.messages import read_changes, read_jobs
from shared.storage.parked import DEAD, parked_id
from tests.fixtures.before_restructure.load import content_of, text_of
from tests.fixtures.before_restructure.reading import in_order, read_text
from tests.support.world import WATCH_ID, event
from tests.unit.storage.world_of_before import WorldOfBefore, world

__all__ = ["world"]  # a fixture, which pytest finds by its name
MESSAGES, EXPECTED = content_of("messages"), content_of("expected")
EACH = [(queue, number) for queue, messages in MESSAGES.items() for number in range(len(messages))]
KINDS = {"missed", "subscriptionRemoved", "reauthorizationRequired", "resync", "resync-full", "reconcile", "probe",
         "drain", "replay"}  # fmt: skip


# The fields that a job, a message of changes and a change have since: the old code wrote none of them.
ADDED: list[object] = [None, None, "", {}, "", ""]
ADDED_TO_MESSAGE: list[object] = ["live", False, "all"]
ADDED_TO_CHANGE: list[object] = ["", None, False]


def of(queue: str) -> list[str]:
    """Return the texts of a queue's messages, as the host passes them on."""
    return [text_of(message) for message in MESSAGES[queue]]


@pytest.mark.parametrize(("queue", "number"), EACH)
def test_a_message_of_before_reads_as_it_was_written(queue: str, number: int) -> None:
    """Every field has the value that the old code wrote."""
    is_job, expected = queue.startswith("mailbox-repairs"), EXPECTED[queue][number]
    assert in_order(read_text(queue, of(queue)[number])) == (jobs_of(expected) if is_job else changes_of(expected))


def jobs_of(expected: list[list[object]]) -> list[list[object]]:
    """Return jobs as they are read today."""
    return [[*job, *ADDED] for job in expected]


def changes_of(expected: list[object]) -> list[object]:
    """Return a message of changes as it is read today."""
    notified_at, changes, *rest = expected
    assert isinstance(changes, list)
    return [notified_at, [[*change, *ADDED_TO_CHANGE] for change in changes], *rest, *ADDED_TO_MESSAGE]


def test_the_fixture_holds_every_kind_and_flag() -> None:
    """Nine kinds of jobs, and changes with each flag set and not set."""
    jobs = [job for text in of("mailbox-repairs") for job in read_jobs(text)]
    assert {job.kind for job in jobs} == KINDS
    assert {job.attempt for job in jobs} == {0, 1}
    messages = [in_order(read_changes(text)) for text in of("calendar-changes")]
    for place in (2, 3, 4, 5):  # attempt, retry, settled, again
        assert {bool(message[place]) for message in messages} == {True, False}
    assert {change[3] for message in messages for change in message[1]} == {True, False}


@pytest.mark.parametrize("text", of("calendar-changes"))
def test_changes_of_before_are_delivered(world: WorldOfBefore, text: str) -> None:
    """Each has an outcome that needs no more work; one was read after its notification already.

    Events that the ledger does not know are no news when they are deleted.
    """
    message = read_changes(text)
    for change in message.changes:
        if not change.deleted:
            world.events.by_id[change.event_id] = event(change.event_id, 'W/"newer"')
    world.pass_by(11)
    ends = world.flowing().delivery.deliver(message)
    names = {change.event_id for change in message.changes}
    unknown = {change.event_id for change in message.changes if change.deleted} - {"E-occurrence"}
    result = "covered" if names == {"E-occurrence"} else "no-news" if unknown else "told"
    assert ends == Counter({result: len(names)})
    assert {event_id for _, event_id in world.webhook.news} == names - unknown - {"E-occurrence"}
    assert world.changes.take() == []


OUTCOMES = {
    ("reauthorizationRequired", 0): {"kept"}, ("subscriptionRemoved", 0): {"missing"}, ("missed", 0): {"resynced"},
    ("resync", 0): {"resynced"}, ("resync", 1): {"resynced"}, ("resync-full", 0): {"resynced"},
    ("reconcile", 0): {"reconciled"}, ("probe", 0): {"not-now"}, ("drain", 0): {"drained-3"},
    ("replay", 0): {"nothing-to-replay", "replayed-0"},
}  # fmt: skip


@pytest.mark.parametrize("text", of("mailbox-repairs"))
def test_jobs_of_before_are_done(world: WorldOfBefore, text: str) -> None:
    """A job returns its outcome; several jobs in one message become a message each."""
    wanted = read_jobs(text)
    if len(wanted) > 1:
        world.flowing().job_runner.run_jobs(wanted)
        assert world.jobs.take_jobs() == wanted
        return
    (job,) = wanted
    outcome = world.flowing().job_runner.run_job(job)
    assert outcome in OUTCOMES[job.kind, job.attempt]


def test_a_reauthorization_of_before_renews_the_subscription_it_names(world: WorldOfBefore) -> None:
    """A removal of the other subscription is confirmed after a minute, and creates that one again."""
    for text in of("mailbox-repairs"):
        if "reauthorizationRequired" in text or "subscriptionRemoved" in text:
            world.job_runner.run_jobs(read_jobs(text))
    assert world.subscriptions.calls == ["renew"]
    world.pass_by(61)
    world.job_runner.run_jobs(world.work.take_jobs())
    assert Counter(world.subscriptions.calls) == {"renew": 1, "get": 1, "create": 1}
    mailboxes = [mailbox_of(existing.resource) for existing in world.subscriptions.existing.values()]
    assert Counter(mailboxes) == {"room1@contoso.com": 1, "room8@contoso.com": 1}


def test_poison_changes_of_before_are_retried_or_dead_letters(world: WorldOfBefore) -> None:
    """They are put back with one more attempt and all flags; after the last attempt they are dead letters with the
    flags.
    """
    for text in of("calendar-changes-poison"):
        world.poison_messages.keep_changes(text)
    back = sorted((message for message, _ in world.changes.take()), key=lambda message: message.attempt)
    expected = sorted(
        (values for values in EXPECTED["calendar-changes-poison"] if values[2] < 20), key=lambda values: values[2]
    )
    retried = [changes_of([*values[:2], values[2] + 1, *values[3:]]) for values in expected]
    assert [in_order(message) for message in back] == retried
    letter = world.parked.get(DEAD, parked_id(WATCH_ID, "E-poison"))
    assert letter is not None
    assert (letter.attempts, letter.force, letter.deleted) == (21, True, True)


def test_poison_jobs_of_before_are_retried_until_the_last_attempt(world: WorldOfBefore) -> None:
    """They are put back with one more attempt each."""
    for text in of("mailbox-repairs-poison"):
        world.poison_messages.keep_jobs(text)
    put = world.jobs.take_jobs()
    assert sorted(job.kind for job in put) == ["missed", "reconcile", "resync"]
    assert {job.kind: job.attempt for job in put} == {"missed": 1, "resync": 3, "reconcile": 1}
