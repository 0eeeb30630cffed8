"""Invalid input of a setup call is rejected with its field and rule, never with its value."""

from __future__ import annotations

from typing import Any

import pytest

from shared.config import Settings
from shared.errors import RequestRejected
from shared.watches.former_requests import parse_room_list, parse_setup_request
from shared.watches.requests import WatchRequest
from shared.watches.requests import parse_watch_request as parse_request
from tests.support.world import SETTINGS

PLAIN = Settings.load(SETTINGS)
URL = "https://partner.example/graph"


def parse_watch_request(content: dict[str, Any], settings: Settings) -> WatchRequest:
    """Parse the request of a call for one mailbox."""
    request = parse_setup_request(content)
    return parse_request(request, request.mailbox or "", settings)


def rejection(content: dict[str, Any], settings: Settings = PLAIN) -> str:
    """Return the text of a 422."""
    with pytest.raises(RequestRejected) as caught:
        parse_watch_request(content, settings)
    assert caught.value.status == 422
    return str(caught.value)


@pytest.mark.parametrize(
    "mailbox", ["room1@contoso.com", " Room1@Contoso.com ", "o'brien+x@deep.contoso.co.uk", "a_b-c.d@x1.example"]
)
def test_an_address_is_enough(mailbox: str) -> None:
    """The default is delivery by the relay; the address is stored in lower case."""
    assert parse_watch_request({"mailbox": mailbox}, PLAIN) == WatchRequest(mailbox.strip().lower())


@pytest.mark.parametrize(
    "mailbox",
    ["", " ", "canary", "canary@", "@canary.example", "canary@localhost", "a canary@contoso.com", "canary@contoso..com",
     "can..ary@contoso.com", "canary@contoso.com, b@contoso.com", "canary@[10.0.0.1]", '"canary"@contoso.com',
     "canary@cøntoso.com", "canary@contoso.com\r\nX: y", "canary@contoso.com\x00", "canary/../x@contoso.com",
     "<canary@contoso.com>", "canary@contoso.com?$filter=1", "x" * 65 + "@canary.example", "canary@contoso.c",
     "canary@@contoso.com", "6b9b63d5-3c2b-4b0e-8a7b-canary000001"],
)  # fmt: skip
def test_an_invalid_address_is_rejected_and_not_repeated(mailbox: str) -> None:
    """No second address, no object id, no characters that would change a path."""
    text = rejection({"mailbox": mailbox})
    assert text.startswith("mailbox: ")
    assert "canary" not in text


@pytest.mark.parametrize(
    ("content", "field"),
    [({}, "mailbox"), ({"mailbox": None}, "mailbox"), ({"mailbox": 5}, "mailbox"), ({"mailbox": ["a@b.co"]}, "mailbox"),
     ({"mailbox": "a@contoso.com", "extra": "canary"}, "extra"), ({"mailbox": "a@contoso.com", "Delivery": "relay"},
     "Delivery"),
     ({"mailbox": "a@contoso.com", "delivery": "canary"}, "delivery"), ({"mailbox": "a@contoso.com",
     "delivery": None}, "delivery"),
     ({"mailbox": "a@contoso.com", "notificationUrl": 5}, "notificationUrl"), ({"mailbox": "a@contoso.com",
     "x" * 500: 1}, "x" * 60),
     ({"mailbox": "a@contoso.com", "notification_url": URL}, "notification_url"),
     ({"mailbox": "a@contoso.com", "delivery": "direct", "notificationUrl": "https://p.example/" + "x" * 2048},
     "notificationUrl")],
)  # fmt: skip
def test_a_field_of_another_shape_is_named(content: dict[str, Any], field: str) -> None:
    """Unknown fields are rejected, and types are not coerced."""
    text = rejection(content)
    assert field in text
    assert "canary" not in text
    assert len(text) < 500


def test_a_field_name_with_a_lone_surrogate_can_be_answered() -> None:
    """JSON allows lone surrogates also in names; the response must be UTF-8."""
    rejection({"mailbox": "a@contoso.com", "\ud800": 1}).encode()


def direct(url: object, **settings: str) -> WatchRequest:
    """Parse a request for direct delivery."""
    content = {"mailbox": "room1@contoso.com", "delivery": "direct", "notificationUrl": url}
    return parse_watch_request(content, Settings.load(SETTINGS | settings))


def test_direct_delivery_goes_to_the_partners_own_host() -> None:
    """By default the host of PARTNER_WEBHOOK_URL, otherwise the hosts that the customer lists, with any port."""
    assert direct(URL) == WatchRequest("room1@contoso.com", "direct", URL)
    named = {"ALLOWED_NOTIFICATION_HOSTS": "a.example, B.example"}
    assert direct("https://B.EXAMPLE:8443/x?k=v", **named).notification_url == "https://B.EXAMPLE:8443/x?k=v"
    with pytest.raises(RequestRejected):
        direct(URL, **named)


def test_a_url_belongs_to_direct_delivery_only() -> None:
    """Direct delivery needs a URL."""
    assert "notificationUrl" in rejection({"mailbox": "a@contoso.com", "notificationUrl": URL})
    assert "notificationUrl" in rejection({"mailbox": "a@contoso.com", "delivery": "direct"})


@pytest.mark.parametrize(
    "url",
    ["", " ", "http://partner.example/x", "//partner.example/x", "partner.example", "ftp://partner.example", "https://",
     "https:///x", "https://user@partner.example", "https://user:pw@partner.example",
     "https://partner.example@evil.example/",
     "https://evil.example/partner.example", "https://partner.example.evil.example/", "https://evilpartner.example/",
     "https://partner.example/#x", "https://partner.example:99999/", "https://partner.example:x/", "https://[::1",
     "https://partner.example:22/", "https://partner.example:0/", "https://partner.example:1023/",
     "https://pärtner.example/", "https://partner.example/ x", "https://partner.example/\r\nX: y",
     "https://partner.example\\@evil.example/",
     "https://partner\u3002example/", "https://partner.example\x00.evil.example/", "javascript:alert(1)",
     "https://evil.example\\.partner.example/"],
)  # fmt: skip
def test_a_url_that_may_not_be_the_partners_is_rejected(url: str) -> None:
    """By scheme, credentials, fragment, port, characters or host."""
    with pytest.raises(RequestRejected) as caught:
        direct(url)
    assert caught.value.status == 422
    assert "evil" not in str(caught.value)


PRIVATE = [
    "localhost", "LOCALHOST", "localhost.", "printer", "nas.local", "x.localhost", "db.internal", "router.lan",
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "017700000001", "10.0.0.1",
    "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
    "255.255.255.255",
    "[::1]", "[::]", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "10.0.0.1.",
    "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "224.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_rejected_in_every_spelling(host: str) -> None:
    """Also when the customer's list names it."""
    for listed in (host.strip("[]").lower(), host.strip("[]").lower().rstrip(".")):
        with pytest.raises(RequestRejected, match="private network"):
            direct(f"https://{host}/x", ALLOWED_NOTIFICATION_HOSTS=listed)


def test_a_private_host_must_be_allowed_and_listed() -> None:
    """The sandbox runs on localhost."""
    local = {"ALLOW_LOOPBACK_ADDRESSES": "true"}
    assert direct("https://localhost:8443/x", ALLOWED_NOTIFICATION_HOSTS="localhost", **local)
    webhook = {"PARTNER_WEBHOOK_URL": "https://localhost:8443/webhook", "ALLOWED_NOTIFICATION_HOSTS": ""}
    for settings in (
        local,
        local | webhook,
        {"ALLOWED_NOTIFICATION_HOSTS": "localhost", "AZURE_FUNCTIONS_ENVIRONMENT": "Development"},
    ):
        with pytest.raises(RequestRejected, match="private network"):
            direct("https://localhost:8443/x", **settings)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "168.63.129.16", "[fe80::1]"])
def test_a_private_network_is_neither_this_computer_nor_the_platform(host: str) -> None:
    """ALLOW_PRIVATE_ADDRESSES and the list do not open them."""
    internal = {"ALLOW_PRIVATE_ADDRESSES": "true"}
    assert direct("https://10.1.2.3/x", ALLOWED_NOTIFICATION_HOSTS="10.1.2.3", **internal)
    with pytest.raises(RequestRejected, match="private network"):
        direct(f"https://{host}/x", ALLOWED_NOTIFICATION_HOSTS=host.strip("[]"), **internal)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"mailbox": "a@contoso.com", "mailboxes": ["b@contoso.com"]},
        {"mailbox": "a@contoso.com", "roomList": "l@contoso.com"},
        {"mailboxes": []},
        {"mailboxes": ["a@contoso.com"] * 101},
        {"mailboxes": "a@contoso.com"},
        {"mailboxes": [1]},
        {"roomList": 1},
    ],
)
def test_a_call_has_a_single_target(content: dict[str, Any]) -> None:
    """One mailbox, up to a hundred, or a room list."""
    with pytest.raises(RequestRejected) as caught:
        parse_setup_request(content)
    assert caught.value.status == 422


def test_a_room_list_is_named_by_its_address() -> None:
    """In lower case; its rooms are delivered by the relay only."""
    assert parse_room_list(parse_setup_request({"roomList": " Building1@Contoso.com "})) == "building1@contoso.com"
    for more in ({"delivery": "direct"}, {"notificationUrl": URL}, {"roomList": "canary"}):
        with pytest.raises(RequestRejected) as caught:
            parse_room_list(parse_setup_request({"roomList": "building1@contoso.com"} | more))
        assert "canary" not in str(caught.value)
