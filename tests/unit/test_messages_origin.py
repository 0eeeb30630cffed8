"""What messages say of a change's origin and history: it is read as it was written, and earlier versions ignore it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.messages import BadMessage, Change, ChangeMessage, read_changes, write_changes

AT = datetime(2026, 11, 20, 10, 0, 0, 123_456, tzinfo=UTC)
PLAIN = Change("w", "u", "e")
FULL = Change("w", "u", "f", deleted=True, series_id="M+/=", first_at=AT - timedelta(days=3), is_second_look=True)
MESSAGE = ChangeMessage(AT, (PLAIN, FULL), 3, "token", skip_settling=True, force=True, origin="backfill", yields=True,
                        audience="partner")  # fmt: skip


def text_of(message: ChangeMessage) -> str:
    """Return the only text of a message."""
    (text,) = write_changes(message)
    return text


def read_by_earlier_version(text: str) -> list[Any]:
    """Return what the version before reads: it takes these keys and no others."""
    content = json.loads(text)
    assert content["v"] == 1
    changes = [(c["watch"], c["user"], c["event"], c.get("deleted") is True) for c in content["changes"]]
    flags = [content.get(name) is True for name in ("settled", "again")]
    return [datetime.fromisoformat(content["hinted"]), changes, int(content["attempt"]), str(content["retry"]), *flags]


def test_a_full_message_is_read_as_it_was_written() -> None:
    """Every field of it has another value than its default."""
    for kind, full in ((ChangeMessage, MESSAGE), (Change, FULL)):
        optional = [field for field in fields(kind) if field.default is not field.default_factory]
        assert all(getattr(full, field.name) != field.default for field in optional)
    assert read_changes(text_of(MESSAGE)) == MESSAGE


@pytest.mark.parametrize(
    "change",
    [replace(PLAIN, **{name: getattr(FULL, name)}) for name in ("deleted", "series_id", "first_at", "is_second_look")],
)
def test_each_field_of_a_change_is_read_by_itself(change: Change) -> None:
    """And that of a message, too."""
    assert read_changes(text_of(ChangeMessage(AT, (change, PLAIN)))).changes == (change, PLAIN)


@pytest.mark.parametrize("name", ["skip_settling", "force", "origin", "yields", "audience"])
def test_each_field_of_a_message_is_read_by_itself(name: str) -> None:
    """The others keep their defaults."""
    message = replace(ChangeMessage(AT, (PLAIN,)), **{name: getattr(MESSAGE, name)})
    assert read_changes(text_of(message)) == message


def test_what_says_nothing_is_not_written() -> None:
    """So that a live change costs what it did."""
    assert json.loads(text_of(ChangeMessage(AT, (PLAIN,)))) == {
        "v": 1, "hinted": AT.isoformat(), "attempt": 0, "retry": "",
        "changes": [{"watch": "w", "user": "u", "event": "e"}],
    }  # fmt: skip


def test_the_keys_are_these() -> None:
    """Later versions must read them, too."""
    content = json.loads(text_of(MESSAGE))
    keys = ["v", "hinted", "attempt", "retry", "settled", "again", "origin", "yields", "for", "changes"]
    assert list(content) == keys
    assert content["changes"][1] == {
        "watch": "w", "user": "u", "event": "f", "deleted": True, "series": "M+/=", "missing": True,
        "first": "2026-11-17T10:00:00.123456+00:00",
    }  # fmt: skip


def test_an_earlier_version_ignores_the_new_keys() -> None:
    """It reads the rest, and drops no change: what it puts back has lost them only."""
    before = replace(MESSAGE, origin="live", yields=False, changes=(PLAIN, Change("w", "u", "f", deleted=True)))
    assert read_by_earlier_version(text_of(MESSAGE)) == read_by_earlier_version(text_of(before))
    assert read_changes(text_of(before)) == before


@pytest.mark.parametrize("first", ["soon", "2026-11-20T10:00:00", 7, [1], {"a": 1}])
def test_a_first_moment_that_is_none_is_a_bad_message(first: object) -> None:
    """Also one without a time zone."""
    content = json.loads(text_of(MESSAGE))
    content["changes"][1]["first"] = first
    with pytest.raises(BadMessage):
        read_changes(json.dumps(content))


@pytest.mark.parametrize("value", [None, "", 0, False])
def test_an_empty_value_is_the_default(value: object) -> None:
    """As if the key were missing."""
    content = json.loads(text_of(ChangeMessage(AT, (PLAIN,))))
    content["changes"][0] |= dict.fromkeys(("series", "first", "missing", "deleted"), value)
    assert read_changes(json.dumps(content | {"origin": value, "yields": value})).changes == (PLAIN,)


def test_an_unknown_origin_is_live() -> None:
    """That of a later version: a live change is not held back."""
    content = json.loads(text_of(MESSAGE)) | {"origin": "another"}
    assert read_changes(json.dumps(content)).origin == "live"
