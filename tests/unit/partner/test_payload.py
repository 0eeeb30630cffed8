"""Claims about the public contract: the exact JSON, what is hidden, and what cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.partner import payload
from shared.partner.payload import UnreadableEvent

READ_AT = datetime(2026, 11, 20, 10, 0, 4, 987_654, tzinfo=UTC)


def at(text: object, zone: object = "UTC") -> dict[str, object]:
    """Return a dateTimeTimeZone of Graph."""
    return {"dateTime": text, "timeZone": zone}


EVENT: dict[str, Any] = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('x')/events/$entity",
    "@odata.etag": 'W/"1"', "id": "AAMk=", "seriesMasterId": None, "subject": "Ola Nordmann",
    "start": at("2026-11-20T12:00:00.0000000"), "end": at("2026-11-20T13:00:00.0000000"), "isAllDay": False,
    "showAs": "busy", "sensitivity": "normal", "isCancelled": False, "type": "singleInstance",
    "body": {"content": "canary"}, "attendees": ["canary"], "location": {"displayName": "canary"},
    "onlineMeeting": {"joinUrl": "canary"}, "organizer": "canary", "bodyPreview": "canary", "webLink": "canary",
}  # fmt: skip


def picture(**changes: Any) -> dict[str, Any]:
    """Return the public picture of the event with some properties changed."""
    return payload.public_event({name: value for name, value in (EVENT | changes).items() if value is not ...})


def test_a_delivery_is_exactly_the_json_of_the_contract() -> None:
    """Letter by letter, in this order, without a space."""
    body = payload.body_of("updated", "w1", "room1@contoso.com", picture(), READ_AT)
    assert body == (
        '{"type":"calendar.event.updated","timestamp":"2026-11-20T10:00:04Z","data":{"subscriptionId":"w1",'
        '"mailbox":"room1@contoso.com","event":{"id":"AAMk=","seriesId":null,"title":"Ola Nordmann",'
        '"start":"2026-11-20T12:00:00Z","end":"2026-11-20T13:00:00Z","allDay":false,"availability":"busy",'
        '"cancelled":false}}}'
    )


def test_a_deletion_carries_the_ids_only() -> None:
    """What is gone has neither title nor times."""
    body = payload.body_of("deleted", "w1", "room1@contoso.com", payload.gone_event("AAMk=", "S="), READ_AT)
    assert json.loads(body) == {
        "type": "calendar.event.deleted", "timestamp": "2026-11-20T10:00:04Z",
        "data": {"subscriptionId": "w1", "mailbox": "room1@contoso.com", "event": {"id": "AAMk=", "seriesId": "S="}},
    }  # fmt: skip


@pytest.mark.parametrize("sensitivity", ["private", "confidential", "secretOfTomorrow", "", None, 1, [], {}, "Normal"])
def test_what_is_not_surely_public_is_private(sensitivity: object) -> None:
    """Only normal and personal show the title; the times stay."""
    shown = picture(sensitivity=sensitivity, subject="canary")
    assert shown["title"] == "Private"
    assert (shown["start"], shown["end"]) == ("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")


@pytest.mark.parametrize("sensitivity", ["normal", "personal", ...])
def test_what_is_public_keeps_its_title(sensitivity: object) -> None:
    """Graph's default is normal."""
    assert picture(sensitivity=sensitivity)["title"] == "Ola Nordmann"


@pytest.mark.parametrize(
    ("subject", "title"), [(None, ""), (..., ""), ("", ""), (5, ""), ({"a": 1}, ""), ("Møte 📅\n", "Møte 📅\n")]
)
def test_a_title_is_text_or_empty(subject: object, title: str) -> None:
    """A booking without a subject has an empty title."""
    assert picture(subject=subject)["title"] == title


@pytest.mark.parametrize("show_as", ["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"])
def test_availability_is_graphs_word(show_as: str) -> None:
    """All six of them."""
    assert picture(showAs=show_as)["availability"] == show_as


@pytest.mark.parametrize("show_as", [None, ..., "", "Busy", "outToLunch", 1])
def test_an_unknown_availability_is_unknown(show_as: object) -> None:
    """A word of tomorrow breaks no partner."""
    assert picture(showAs=show_as)["availability"] == "unknown"


@pytest.mark.parametrize("show_as", [[], {}])
def test_an_availability_of_another_shape_is_unknown(show_as: object) -> None:
    """Nothing that Graph sends may raise another error than UnreadableEvent."""
    assert picture(showAs=show_as)["availability"] == "unknown"


@pytest.mark.parametrize("series", [{"subject": "canary"}, ["canary"], 5])
def test_a_series_id_is_text_or_null(series: object) -> None:
    """Nothing else can leave under its name."""
    assert picture(seriesMasterId=series)["seriesId"] is None


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (at("2026-11-20T12:00:00.1234567"), "2026-11-20T12:00:00Z"),
        (at("2026-11-20T12:00:59.9999999"), "2026-11-20T12:00:59Z"),
        (at("2026-11-20T12:00:00"), "2026-11-20T12:00:00Z"),
        (at("2026-11-20T12:00:00", "utc"), "2026-11-20T12:00:00Z"),
        (at("2026-11-20T12:00:00", "tzone://Microsoft/Utc"), "2026-11-20T12:00:00Z"),
        (at("0001-01-01T00:00:00.0000000"), "0001-01-01T00:00:00Z"),
        (at("9999-12-31T23:59:59.9999999"), "9999-12-31T23:59:59Z"),
        (at("2024-02-29T00:00:00.0000000"), "2024-02-29T00:00:00Z"),
    ],
)  # fmt: skip
def test_a_moment_is_whole_seconds_in_utc(start: dict[str, object], shown: str) -> None:
    """Seven digits of a fraction are cut, the ends of the calendar hold."""
    assert picture(start=start)["start"] == shown


@pytest.mark.parametrize(
    "start",
    [None, ..., "2026-11-20T12:00:00Z", [], {}, at(None), at(""), at("soon"), at("2026-02-30T00:00:00"), at(5),
     at("2026-11-20T25:00:00"), at("2026-11-20T12:00:00", "Pacific Standard Time"), at("2026-11-20T12:00:00", None),
     at("2026-11-20T12:00:00", "")],
)  # fmt: skip
def test_a_moment_that_cannot_be_read_says_which_and_not_what(start: object) -> None:
    """Missing, no date, or in a zone that was not asked for."""
    with pytest.raises(UnreadableEvent, match=r"^start ") as caught:
        picture(start=start)
    assert "2026" not in str(caught.value)


def test_an_all_day_event_says_so() -> None:
    """Its times are midnights of UTC, as Graph gives them."""
    shown = picture(isAllDay=True, start=at("2026-11-20T00:00:00"), end=at("2026-11-21T00:00:00"))
    assert (shown["allDay"], shown["start"], shown["end"]) == (True, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")


@pytest.mark.parametrize("value", [None, ..., 1, "true", []])
def test_a_flag_is_true_only_when_it_is_true(value: object) -> None:
    """Anything else than true is false."""
    shown = picture(isAllDay=value, isCancelled=value)
    assert (shown["allDay"], shown["cancelled"]) == (False, False)
    assert picture(isCancelled=True)["cancelled"] is True


@pytest.mark.parametrize(("name", "read"), [("id", payload.event_id_of), ("@odata.etag", payload.etag_of)])
@pytest.mark.parametrize("value", [..., None, "", 5, []])
def test_an_event_without_id_or_etag_cannot_be_read(name: str, read: Any, value: object) -> None:
    """Without them there would be no webhook-id."""
    with pytest.raises(UnreadableEvent, match=name):
        read({key: kept for key, kept in (EVENT | {name: value}).items() if kept is not ...})


def test_a_body_with_half_a_character_can_still_be_sent() -> None:
    """JSON may hold lone surrogates; UTF-8 may not."""
    body = payload.body_of("created", "w", "r@contoso.com", picture(subject="a\ud800b"), READ_AT)
    assert json.loads(body.encode())["data"]["event"]["title"] == "a?b"


def test_the_same_state_has_the_same_webhook_id_and_another_state_another() -> None:
    """Watch, event and state make it; no two of them can be confused."""
    first = payload.message_id("w", "e", "s")
    assert payload.message_id("w", "e", "s") == first == "msg_" + first[4:]
    others = [("w", "e", "t"), ("w", "f", "s"), ("v", "e", "s"), ("we", "", "s"), ("w", "es", "")]
    assert len({first, *(payload.message_id(*other) for other in others)}) == 6
