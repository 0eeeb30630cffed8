"""Claims about messages that the code before the restructure put on the queues: all are read, and taken."""

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


def of(queue: str) -> list[str]:
    """Return the texts of a queue's messages, as the host hands them over."""
    return [text_of(message) for message in MESSAGES[queue]]


@pytest.mark.parametrize(("queue", "number"), EACH)
def test_a_message_of_before_reads_as_it_was_written(queue: str, number: int) -> None:
    """Every field has the value that the code of then gave it."""
    assert in_order(read_text(queue, of(queue)[number])) == EXPECTED[queue][number]


def test_the_fixture_holds_every_kind_and_flag() -> None:
    """Nine kinds of repairs, and of changes each flag set and not set."""
    repairs = [one for text in of("mailbox-repairs") for one in in_order(read_jobs(text))]
    assert {kind for _, kind, _, _ in repairs} == KINDS
    assert {attempt for *_, attempt in repairs} == {0, 1}
    messages = [in_order(read_changes(text)) for text in of("calendar-changes")]
    for place in (2, 3, 4, 5):  # attempt, retry, settled, again
        assert {bool(message[place]) for message in messages} == {True, False}
    assert {deleted for message in messages for *_, deleted in message[1]} == {True, False}


@pytest.mark.parametrize("text", of("calendar-changes"))
def test_changes_of_before_are_delivered(world: WorldOfBefore, text: str) -> None:
    """Each comes to an end after which nothing more is owed; one was read before, after it had been hinted."""
    message = read_changes(text)
    for change in message.changes:
        if not change.deleted:
            world.events.by_id[change.event_id] = event(change.event_id, 'W/"newer"')
    world.pass_by(11)
    ends = world.flowing().delivery.deliver(message)
    names = {one.event_id for one in message.changes}
    assert ends == Counter({"covered" if names == {"E-occurrence"} else "told": len(names)})
    assert {event_id for _, event_id in world.webhook.news} == names - {"E-occurrence"}
    assert world.changes.take() == []


ENDS = {
    ("reauthorizationRequired", 0): {"kept"}, ("subscriptionRemoved", 0): {"kept"}, ("missed", 0): {"resynced"},
    ("resync", 0): {"resynced"}, ("resync", 1): {"resynced"}, ("resync-full", 0): {"resynced"},
    ("reconcile", 0): {"reconciled"}, ("probe", 0): {"not-now"}, ("drain", 0): {"drained-3"},
    ("replay", 0): {"nothing-to-replay", "replayed-0"},
}  # fmt: skip


@pytest.mark.parametrize("text", of("mailbox-repairs"))
def test_repairs_of_before_are_done(world: WorldOfBefore, text: str) -> None:
    """One by one in the word for its end; several in one message become a message each."""
    wanted = read_jobs(text)
    if len(wanted) > 1:
        world.flowing().job_runner.run_jobs(wanted)
        assert world.jobs.take_jobs() == wanted
        return
    (one,) = wanted
    end = world.flowing().job_runner.run_job(one)
    assert end in ENDS[one.kind, one.attempt]


def test_a_wish_of_before_for_a_renewal_renews_the_subscription_it_names(world: WorldOfBefore) -> None:
    """And the removal that is said of another one makes that anew, and nothing else."""
    for text in of("mailbox-repairs"):
        if "reauthorizationRequired" in text or "subscriptionRemoved" in text:
            world.job_runner.run_jobs(read_jobs(text))
    assert Counter(world.subscriptions.calls) == {"renew": 1, "create": 1}
    mailboxes = sorted(mailbox_of(one.resource) for one in world.subscriptions.standing.values())
    assert mailboxes == ["room1@contoso.com", "room8@contoso.com"]


def test_poisoned_changes_of_before_are_put_back_or_buried(world: WorldOfBefore) -> None:
    """With one attempt more and all flags; after the last one they are dead letters with them."""
    for text in of("calendar-changes-poison"):
        world.poison_messages.keep_changes(text)
    back = sorted((message for message, _ in world.changes.take()), key=lambda one: one.attempt)
    expected = sorted((one for one in EXPECTED["calendar-changes-poison"] if one[2] < 20), key=lambda one: one[2])
    assert [in_order(one) for one in back] == [[*one[:2], one[2] + 1, *one[3:]] for one in expected]
    letter = world.parked.get(DEAD, parked_id(WATCH_ID, "E-poison"))
    assert letter is not None
    assert (letter.attempts, letter.force, letter.deleted) == (21, True, True)


def test_poisoned_repairs_of_before_are_put_back_but_for_the_last_try(world: WorldOfBefore) -> None:
    """With one attempt more each."""
    for text in of("mailbox-repairs-poison"):
        world.poison_messages.keep_jobs(text)
    put = world.jobs.take_jobs()
    assert sorted(one.kind for one in put) == ["missed", "reconcile", "resync"]
    assert {one.kind: one.attempt for one in put} == {"missed": 1, "resync": 3, "reconcile": 1}
