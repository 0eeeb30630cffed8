"""Claims about the properties at each DELETE, at each POST and at each write of a row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphConflict, GraphNotFound
from shared.graph.subscriptions import DeleteReason
from shared.storage.tombstones import Tombstones
from tests.schedules.process import BEFORE
from tests.unit.schedules.stages import LIFE, ROOM, Stage

MINUTE = timedelta(minutes=1)
URLS = "https://relay.example/api/notifications", "https://relay.example/api/lifecycle"


@pytest.fixture
def stage() -> Stage:
    """Return a stage."""
    return Stage()


def _post(stage: Stage) -> None:
    stage.site.graph.create(ROOM, *URLS, "state", stage.now() + LIFE)


@pytest.mark.parametrize("reason", list(DeleteReason))
def test_the_only_live_subscription_of_a_wanted_mailbox_may_not_be_deleted(stage: Stage, reason: DeleteReason) -> None:
    """For no reason, while it is of use and allowed."""
    held = stage.held()
    stage.claimed(stage.row(held))
    assert stage.delete(held, reason)


def test_what_is_not_wanted_is_deleted_by_its_tombstone(stage: Stage) -> None:
    """Also if it is the only one."""
    held = stage.held()
    stage.claimed(stage.row(held))
    stage.desires.partner[ROOM] = False
    assert stage.delete(held, DeleteReason.TOMBSTONE) == []


def test_a_deletion_without_a_tombstone_is_a_fault(stage: Stage) -> None:
    """Also if the deletion is wanted."""
    held = stage.held()
    stage.desires.partner[ROOM] = False
    stage.site.graph.delete(held.subscription.id, DeleteReason.TOMBSTONE)
    assert "without a tombstone" in stage.broken[0]


def test_a_deletion_that_does_not_read_the_row_after_its_tombstone_is_a_fault(stage: Stage) -> None:
    """Another process may have taken the subscription over before the tombstone was there."""
    held = stage.held()
    stage.claimed(stage.row(held))
    stage.desires.partner[ROOM] = False
    Tombstones(lambda: stage.site.tables["watches"]).write(held.subscription.id, stage.now())
    stage.site.graph.delete(held.subscription.id, DeleteReason.TOMBSTONE)
    assert "the row was not read" in stage.broken[0]


def test_what_a_row_names_is_not_deleted(stage: Stage) -> None:
    """A claim comes first, so that nobody works with what is about to end."""
    held = stage.held()
    stage.row(held)
    stage.desires.partner[ROOM] = False
    assert stage.delete(held, DeleteReason.TOMBSTONE) == ["the row names it"]


def test_another_deployments_subscription_is_not_deleted(stage: Stage) -> None:
    """Also if nobody wants the mailbox."""
    held = stage.site.graph.hold(ROOM, "https://other.example", "", "", stage.now() + LIFE, own=False)
    stage.desires.partner[ROOM] = False
    assert stage.delete(held, DeleteReason.TOMBSTONE) == ["it is another's"]


@pytest.mark.parametrize("is_read", [True, False])
def test_a_twin_is_deleted_only_after_the_rows_own_has_answered(stage: Stage, is_read: bool) -> None:  # noqa: FBT001
    """A row can name one that is gone."""
    twin, own = stage.held(), stage.held()
    stage.row(own)
    if is_read:
        stage.site.graph.get(own.subscription.id)
    assert (stage.delete(twin, DeleteReason.TWIN) == []) is is_read


def test_what_the_settings_of_the_process_forbid_is_deleted(stage: Stage) -> None:
    """Those of another process do not count."""
    held = stage.held()
    stage.claimed(stage.row(held))
    stage.b.given["ALLOWED_MAILBOXES"] = "room9@contoso.com"
    assert stage.delete(held, DeleteReason.FORBIDDEN)
    again = stage.held()
    stage.a.given["ALLOWED_MAILBOXES"] = "room9@contoso.com"
    assert stage.delete(again, DeleteReason.FORBIDDEN) == []


@pytest.mark.parametrize("why", ["silent", "no key"])
def test_what_is_of_no_use_is_replaced_at_once(stage: Stage, why: str) -> None:
    """Graph sends nothing for it, or no key verifies what it sends."""
    held = stage.held()
    stage.claimed(stage.row(held))
    if why == "silent":
        stage.site.graph.silent.add(held.subscription.id)
    else:
        stage.site.rotate(leaked=True)
    assert stage.delete(held, DeleteReason.REPLACED) == []


@pytest.mark.parametrize("is_refused", [True, False])
def test_what_has_an_older_key_ends_only_if_graph_refuses_a_second_subscription(stage: Stage, is_refused: bool) -> None:  # noqa: FBT001
    """The new one is made first."""
    held = stage.held()
    stage.claimed(stage.row(held))
    stage.site.rotate()
    stage.wait(hours=1)  # the new key signs
    if is_refused:
        with pytest.raises(GraphConflict):
            _post(stage)
    assert (stage.delete(held, DeleteReason.REPLACED) == []) is is_refused


def test_what_the_version_before_deletes_is_counted_only(stage: Stage) -> None:
    """It has faults that the present version does not have."""
    held = stage.held()
    stage.row(held)
    stage.a.version = BEFORE
    assert stage.delete(held, DeleteReason.REPLACED) == []
    assert stage.deletions.by_reason["replaced"] == 1


@pytest.mark.parametrize(("seconds", "is_right"), [(0, False), (59, False), (61, True)])
def test_a_subscription_is_created_again_after_two_denials_a_minute_apart(
    stage: Stage, seconds: float, is_right: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """One is no evidence, and two at once are one."""
    held = stage.held()
    row = stage.row(held)
    stage.site.graph.lose(held.subscription.id)
    for wait in (0.0, seconds):
        stage.wait(seconds=wait)
        with pytest.raises(GraphNotFound):
            stage.site.graph.get(held.subscription.id)
    stage.claimed(row)
    _post(stage)
    assert (stage.broken == []) is is_right


def test_a_subscription_that_has_ended_is_created_again_without_a_denial(stage: Stage) -> None:
    """Its end is known."""
    row = stage.row(stage.held(), expires=stage.now())
    stage.wait(days=7)
    stage.absence.disturb()
    stage.claimed(row)
    _post(stage)
    assert stage.broken == []


def _wrong(stage: Stage, what: str) -> None:
    held = stage.held()
    row = stage.row(held)
    if what == "claim twice":
        stage.claimed(row)
        stage.wait(seconds=9)
        stage.site.acting = stage.b
        current = stage.watches.get(row.id)
        assert current is not None
        stage.claimed(current)
    elif what == "end another's claim":
        stage.claimed(row)
        stage.site.acting = stage.b
        stage.watches.merge(row, pending_since=None)
    elif what == "forget":
        stage.watches.change(row, subscription_id="", pending_since=stage.now(), gap_since=stage.now())
    elif what == "no gap":
        stage.watches.change(row, former_id=row.subscription_id, subscription_id="", pending_since=stage.now())
    elif what == "blind claim":
        stage.watches.merge(row, pending_since=stage.now(), gap_since=stage.now())
    else:
        stage.announce(held)
        stage.site.acting = stage.b
        stage.watches.change(stage.claimed(row), subscription_id=held.subscription.id, pending_since=None)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("claim twice", "after the claim of a"), ("end another's claim", "ended by another"),
        ("forget", "forgets the living"), ("no gap", "without a gap"), ("blind claim", "whatever it has become"),
        ("take over", "may be deleting"),
    ],
)  # fmt: skip
def test_a_wrong_write_of_a_row_is_a_fault(stage: Stage, what: str, text: str) -> None:
    """One of the present version; those of the version before are not judged."""
    _wrong(stage, what)
    assert text in " ".join(stage.broken)
    before = Stage()
    before.a.version = before.b.version = BEFORE
    _wrong(before, what)
    assert before.broken == []


def test_an_abandoned_claim_may_be_taken_over(stage: Stage) -> None:
    """After two minutes."""
    row = stage.claimed(stage.row())
    stage.wait(minutes=3)
    stage.site.acting = stage.b
    current: Any = stage.watches.get(row.id)
    stage.claimed(current)
    assert stage.broken == []
