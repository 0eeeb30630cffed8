"""The partner's pure rules: the contract of a delivery, the picture, and what a delivery comes to."""

import json
from typing import Any

import pytest

from sandbox.partner.contract import violations
from sandbox.partner.picture import Picture, UnusableNewsError
from sandbox.partner.receive import Receipt, Receiver
from tests.support.partner_process import SECRET, deleted, news, signed

OTHER_SECRET = "whsec_cGFydG5lci1zaWduaW5nLXNlY3JldC0wMDAy"


def receiver(*secrets: str) -> Receiver:
    """A receiver that knows nothing yet."""
    return Receiver(secrets or (SECRET,), Picture())


def received(by: Receiver, payload: Any, webhook_id: str = "msg_1", **sign: str) -> Receipt:
    """What a signed delivery comes to."""
    body = json.dumps(payload).encode()
    return by.receive(signed(body, webhook_id, **sign), body)


class TestContract:
    """What may be in a delivery, and nothing else."""

    def test_kept(self) -> None:
        """A full event, and a deletion with the ids only, keep the contract."""
        assert violations(news()) == ()
        assert violations(deleted()) == ()

    def test_ping(self) -> None:
        """A test delivery carries nothing; one that does breaks the contract."""
        ping = {"type": "calendar.relay.ping", "timestamp": "2026-11-20T10:00:00Z", "data": {}}
        assert violations(ping) == ()
        assert violations(ping | {"data": {"mailbox": "room1@contoso.com"}}) != ()
        assert received(receiver(), ping) == Receipt(204)
        assert received(receiver(OTHER_SECRET), ping).status == 401

    @pytest.mark.parametrize("field", ["body", "location", "attendees", "organizer"])
    def test_extra_field_of_event(self, field: str) -> None:
        """Any field more in an event is named, and its value is not."""
        found = violations(news(**{field: "secret"}))
        assert found == (f"data.event: unexpected field '{field}'",)

    def test_extra_field_elsewhere(self) -> None:
        """A field too many beside the event, or at the top, is named too."""
        payload = news() | {"version": 1}
        payload["data"]["tenantId"] = "t"
        assert len(violations(payload)) == 2

    def test_deletion_with_details(self) -> None:
        """A deletion that still carries a title breaks the contract."""
        payload = deleted()
        payload["data"]["event"]["title"] = "Ola Nordmann"
        assert violations(payload) == ("data.event: unexpected field 'title'",)

    @pytest.mark.parametrize("field", list(news()["data"]["event"]))
    def test_missing_field(self, field: str) -> None:
        """Every field of an event has to be there."""
        payload = news()
        del payload["data"]["event"][field]
        assert violations(payload) == (f"data.event: no field '{field}'",)

    @pytest.mark.parametrize("time", [
        "2026-11-20T12:00:00", "2026-11-20T12:00:00+00:00", "2026-11-20T12:00Z", "2026-13-20T12:00:00Z", "", None, 5,
        "2026-11-20 12:00:00Z", "2026-11-20T12:00:00Z\n",
    ])
    def test_time(self, time: Any) -> None:
        """A time that is not ISO 8601 in UTC with Z is refused."""
        assert violations(news(start=time)) == ("data.event.start: not allowed by the contract",)

    @pytest.mark.parametrize(("field", "value"), [
        ("availability", "away"), ("availability", []), ("allDay", 0), ("cancelled", None), ("title", None), ("id", ""),
        ("seriesId", 7),
    ])
    def test_value(self, field: str, value: Any) -> None:
        """Values of a wrong kind are refused."""
        assert violations(news(**{field: value})) == (f"data.event.{field}: not allowed by the contract",)

    def test_ends_before_start(self) -> None:
        """An event may not end before it starts."""
        assert violations(news(end="2026-11-20T11:59:59Z")) == ("data.event: ends before it starts",)

    @pytest.mark.parametrize("payload", [[], None, "x", {}, {"data": 1}, {"data": {"event": []}}, {"type": []}])
    def test_any_json(self, payload: Any) -> None:
        """Any JSON at all is judged, and no exception escapes."""
        assert violations(payload)


class TestPicture:
    """What the partner believes."""

    def test_older_news(self) -> None:
        """News older than what is known changes nothing; of the same second, the later arrival wins."""
        picture = Picture()
        assert picture.apply(news(title="second"))
        assert not picture.apply(news(title="first") | {"timestamp": "2026-11-20T10:00:03Z"})
        assert picture.apply(news(title="third"))
        assert picture.mailboxes["room1@contoso.com"]["AAMk1"]["title"] == "third"

    def test_deleted(self) -> None:
        """A deletion removes the event, and news from before it does not bring it back."""
        picture = Picture()
        picture.apply(deleted())
        picture.apply(news())
        assert picture.listed() == {"room1@contoso.com": []}

    def test_ids_are_case_sensitive(self) -> None:
        """Two ids that differ by case are two events, as Graph's ids are."""
        picture = Picture()
        picture.apply(news(id="AAMk1"))
        picture.apply(news(id="aamk1"))
        assert len(picture.listed()["room1@contoso.com"]) == 2

    @pytest.mark.parametrize("payload", [[], {}, news(id=None), news() | {"timestamp": "soon"}, news() | {"data": 1},
                                         {"type": "x", "timestamp": "2026-11-20T10:00:04Z", "data": None}])
    def test_unusable(self, payload: Any) -> None:
        """News that names no event or no time is refused, and leaves no trace."""
        picture = Picture()
        with pytest.raises(UnusableNewsError):
            picture.apply(payload)
        assert picture.listed() == {}

    def test_time_without_zone(self) -> None:
        """News with a time that cannot be compared is refused even when a comparable one is known."""
        picture = Picture()
        picture.apply(news())
        with pytest.raises(UnusableNewsError):
            picture.apply(news() | {"timestamp": "2026-11-20T10:00:04"})


class TestReceiver:
    """What a delivery comes to."""

    def test_good(self) -> None:
        """A signed delivery is applied and answered with 204."""
        partner = receiver()
        assert received(partner, news()) == Receipt(204)
        assert list(partner.picture.mailboxes["room1@contoso.com"]) == ["AAMk1"]

    @pytest.mark.parametrize("changed", [
        {"webhook-signature": "v1"}, {"webhook-signature": "v1,abc"}, {"webhook-signature": "v1,é"},
        {"webhook-signature": ""}, {"webhook-signature": "v1,a,b"}, {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1"}, {"webhook-timestamp": "99999999999"}, {"webhook-timestamp": "nan"},
        {"webhook-id": "msg_2"}, {"webhook-id": ""},
    ])
    def test_bad_headers(self, changed: dict[str, str]) -> None:
        """Whatever is wrong with the signature, its time or its id, the answer is 401 and nothing is applied."""
        partner = receiver()
        body = json.dumps(news()).encode()
        assert partner.receive(signed(body) | changed, body) == Receipt(401)
        assert partner.picture.mailboxes == {}

    def test_no_headers(self) -> None:
        """A delivery without any of the headers is answered with 401."""
        assert receiver().receive({}, b"{}") == Receipt(401)

    def test_changed_body(self) -> None:
        """A body that differs by one space from what was signed is answered with 401; so is one that is no text."""
        body = json.dumps(news()).encode()
        assert receiver().receive(signed(body), body + b" ").status == 401
        assert receiver().receive(signed(body), b"\xff").status == 401

    def test_rotation(self) -> None:
        """During a rotation either secret may have signed; a third one may not."""
        partner = receiver(SECRET, OTHER_SECRET)
        assert received(partner, news(), "a", secret=SECRET).status == 204
        assert received(partner, news(), "b", secret=OTHER_SECRET).status == 204
        assert received(receiver(OTHER_SECRET), news(), "c", secret=SECRET).status == 401

    def test_duplicate(self) -> None:
        """The same webhook-id a second time is answered with 204 and not applied again."""
        partner = receiver()
        received(partner, news())
        received(partner, deleted(), "msg_2")
        later = news() | {"timestamp": "2026-11-20T11:00:00Z"}
        assert received(partner, later) == Receipt(204, duplicate=True)
        assert partner.picture.listed() == {"room1@contoso.com": []}

    def test_same_id_other_state(self) -> None:
        """A webhook-id that comes back with another state is a violation."""
        partner = receiver()
        received(partner, news())
        found = received(partner, news(title="Kari Nordmann")).violations
        assert found == ("data: not what this webhook-id said before",)

    @pytest.mark.parametrize("body", [b"", b"{", b"not json", b"[1]", b"null", b"[" * 100_000])
    def test_no_object(self, body: bytes) -> None:
        """A signed body that is not a JSON object is answered with 400, even when its id is known."""
        partner = receiver()
        assert partner.receive(signed(body), body).status == 400
        received(partner, news())
        assert partner.receive(signed(body), body).status == 400

    def test_unusable_is_not_remembered(self) -> None:
        """News that names no event is answered with 422, and its id is free for a better attempt."""
        partner = receiver()
        assert received(partner, {}).status == 422
        assert received(partner, news()) == Receipt(204)

    def test_violation_is_applied_and_told(self) -> None:
        """A delivery with a field too many is taken, and told as a violation."""
        assert received(receiver(), news(location="Oslo")) == Receipt(
            204, violations=("data.event: unexpected field 'location'",))
