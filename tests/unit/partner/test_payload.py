"""The payload's exact JSON, what it hides, and events that cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.partner import payload
from shared.partner.payload import UnreadableEvent

READ_AT = datetime(2026, 11, 20, 10, 0, 4, 987_654, tzinfo=UTC)


def at(text: object, zone: object = "UTC") -> dict[str, object]:
    """Return a dateTimeTimeZone as Graph does."""
    return {"dateTime": text, "timeZone": zone}


EVENT: dict[str, Any] = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('x')/events/$entity",
    "@odata.etag": 'W/"1"', "id": "AAMk=", "seriesMasterId": None, "subject": "Ola Nordmann",
    "start": at("2026-11-20T12:00:00.0000000"), "end": at("2026-11-20T13:00:00.0000000"), "isAllDay": False,
    "showAs": "busy", "sensitivity": "normal", "isCancelled": False, "type": "singleInstance",
    "body": {"content": "canary"}, "attendees": ["canary"], "location": {"displayName": "canary"},
    "onlineMeeting": {"joinUrl": "canary"}, "organizer": "canary", "bodyPreview": "canary", "webLink": "canary",
}  # fmt: skip


def public_fields(**changes: Any) -> dict[str, Any]:
    """Return the public fields of the event with some properties changed."""
    return payload.public_event({name: value for name, value in (EVENT | changes).items() if value is not ...})


def test_a_delivery_is_exactly_the_json_of_the_contract() -> None:
    """The body equals the contract's JSON byte for byte: this order, no spaces."""
    body = payload.body_of("updated", "w1", "room1@contoso.com", public_fields(), READ_AT)
    assert body == (
        '{"type":"calendar.event.updated","timestamp":"2026-11-20T10:00:04Z","data":{"subscriptionId":"w1",'
        '"mailbox":"room1@contoso.com","event":{"id":"AAMk=","seriesId":null,"title":"Ola Nordmann",'
        '"start":"2026-11-20T12:00:00Z","end":"2026-11-20T13:00:00Z","startDate":null,"endDate":null,'
        '"allDay":false,"availability":"busy","cancelled":false}}}'
    )


def test_a_deletion_carries_the_ids_only() -> None:
    """A deletion has neither title nor times."""
    body = payload.body_of("deleted", "w1", "room1@contoso.com", payload.deleted_event("AAMk=", "S="), READ_AT)
    assert json.loads(body) == {
        "type": "calendar.event.deleted", "timestamp": "2026-11-20T10:00:04Z",
        "data": {"subscriptionId": "w1", "mailbox": "room1@contoso.com", "event": {"id": "AAMk=", "seriesId": "S="}},
    }  # fmt: skip


@pytest.mark.parametrize(
    "sensitivity", ["private", "confidential", "secretOfTomorrow", "", None, 1, [], {}, "Private", ...]
)
def test_an_event_without_a_public_sensitivity_is_private(sensitivity: object) -> None:
    """Only the sensitivities normal and personal show the title; the times are always delivered."""
    shown = public_fields(sensitivity=sensitivity, subject="canary")
    assert shown["title"] == "Private"
    assert (shown["start"], shown["end"]) == ("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")


@pytest.mark.parametrize("sensitivity", ["normal", "personal"])
def test_a_public_event_keeps_its_title(sensitivity: object) -> None:
    """Graph says that it is public."""
    assert public_fields(sensitivity=sensitivity)["title"] == "Ola Nordmann"


@pytest.mark.parametrize(
    ("subject", "title"), [(None, ""), (..., ""), ("", ""), (5, ""), ({"a": 1}, ""), ("Møte 📅\n", "Møte 📅\n")]
)
def test_a_title_is_text_or_empty(subject: object, title: str) -> None:
    """An event without a subject has an empty title."""
    assert public_fields(subject=subject)["title"] == title


@pytest.mark.parametrize("show_as", ["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"])
def test_availability_is_graphs_value(show_as: str) -> None:
    """All six values of showAs are delivered unchanged."""
    assert public_fields(showAs=show_as)["availability"] == show_as


@pytest.mark.parametrize("show_as", [None, ..., "", "busy ", "outToLunch", 1])
def test_an_unknown_availability_is_unknown(show_as: object) -> None:
    """A value that Graph adds later is delivered as `unknown`."""
    assert public_fields(showAs=show_as)["availability"] == "unknown"


@pytest.mark.parametrize(
    ("show_as", "availability"),
    [("Busy", "busy"), ("FREE", "free"), ("WORKINGELSEWHERE", "workingElsewhere"), ("Oof", "oof")],
)
def test_values_are_read_without_regard_to_case(show_as: str, availability: str) -> None:
    """A receiver gets one spelling, and a capital makes no event private."""
    shown = public_fields(showAs=show_as, sensitivity="Normal", subject="Kick-off")
    assert (shown["availability"], shown["title"]) == (availability, "Kick-off")


@pytest.mark.parametrize("show_as", [[], {}])
def test_an_availability_of_another_shape_is_unknown(show_as: object) -> None:
    """A showAs that is not text is delivered as `unknown`; it raises nothing."""
    assert public_fields(showAs=show_as)["availability"] == "unknown"


@pytest.mark.parametrize("series", [{"subject": "canary"}, ["canary"], 5])
def test_a_series_id_is_text_or_null(series: object) -> None:
    """A seriesMasterId that is not text is delivered as null."""
    assert public_fields(seriesMasterId=series)["seriesId"] is None


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
    """Fractions are cut off, also at both ends of the calendar."""
    assert public_fields(start=start)["start"] == shown


@pytest.mark.parametrize(
    "start",
    [None, ..., "2026-11-20T12:00:00Z", [], {}, at(None), at(""), at("soon"), at("2026-02-30T00:00:00"), at(5),
     at("2026-11-20T25:00:00"), at("2026-11-20T12:00:00", "Pacific Standard Time"), at("2026-11-20T12:00:00", None),
     at("2026-11-20T12:00:00", "")],
)  # fmt: skip
def test_the_error_for_an_unreadable_time_names_the_field_only(start: object) -> None:
    """The time is missing, invalid, or in a zone that was not requested; the error does not repeat it."""
    with pytest.raises(UnreadableEvent, match=r"^start ") as caught:
        public_fields(start=start)
    assert "2026" not in str(caught.value)


def test_an_all_day_event_is_marked() -> None:
    """Its times are midnights in UTC, as Graph returns them."""
    shown = public_fields(isAllDay=True, start=at("2026-11-20T00:00:00"), end=at("2026-11-21T00:00:00"))
    assert (shown["allDay"], shown["start"], shown["end"]) == (True, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")


@pytest.mark.parametrize("after", ["2026-11-21", "2027-01-01"])
def test_an_all_day_event_has_its_days(after: str) -> None:
    """The end is the day after the last one, as in Graph."""
    shown = public_fields(isAllDay=True, start=at("2026-11-20T00:00:00.0000000"), end=at(f"{after}T00:00:00"))
    assert (shown["startDate"], shown["endDate"]) == ("2026-11-20", after)


def test_a_timed_event_has_no_days() -> None:
    """Not even one from midnight to midnight: which day that is depends on the zone."""
    shown = public_fields(start=at("2026-11-20T00:00:00"), end=at("2026-11-21T00:00:00"))
    assert (shown["startDate"], shown["endDate"]) == (None, None)


@pytest.mark.parametrize("value", [None, ..., 1, "true", []])
def test_a_flag_is_true_only_for_true(value: object) -> None:
    """Any value other than true counts as false."""
    shown = public_fields(isAllDay=value, isCancelled=value)
    assert (shown["allDay"], shown["cancelled"]) == (False, False)
    assert public_fields(isCancelled=True)["cancelled"] is True


@pytest.mark.parametrize(("name", "read"), [("id", payload.event_id_of), ("@odata.etag", payload.etag_of)])
@pytest.mark.parametrize("value", [..., None, "", 5, []])
def test_an_event_without_id_or_etag_cannot_be_read(name: str, read: Any, value: object) -> None:
    """Both are part of the webhook-id."""
    with pytest.raises(UnreadableEvent, match=name):
        read({key: kept for key, kept in (EVENT | {name: value}).items() if kept is not ...})


def test_a_body_with_a_lone_surrogate_can_be_sent() -> None:
    """JSON may contain lone surrogates; UTF-8 may not."""
    body = payload.body_of("created", "w", "r@contoso.com", public_fields(subject="a\ud800b"), READ_AT)
    assert json.loads(body.encode())["data"]["event"]["title"] == "a?b"


def test_a_webhook_id_identifies_the_state() -> None:
    """The id is derived from watch, event and state, and differs when one of them does."""
    first = payload.message_id("w", "e", "s")
    assert payload.message_id("w", "e", "s") == first == "msg_" + first[4:]
    others = [("w", "e", "t"), ("w", "f", "s"), ("v", "e", "s"), ("we", "", "s"), ("w", "es", "")]
    assert len({first, *(payload.message_id(*other) for other in others)}) == 6
