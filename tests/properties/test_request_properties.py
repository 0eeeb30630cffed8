"""What callers and settings may hold is anything; reading it ends in a value or in the one error that is promised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from functions.http import json_object
from functions.resync import _full
from functions.subscriptions import LARGEST_PAGE, _page_size, _page_start
from shared.config import Settings
from shared.contract.document import document
from shared.errors import ConfigurationError, SetupRefused
from shared.partner.webhook import signed_headers
from shared.relay.allow_list import AllowList
from shared.relay.setup_request import checked_notification_url, is_private, read_request, read_room_list, read_wish
from tests.properties.test_reading_properties import JSON, NOW
from tests.unit.relay.fakes import SETTINGS

PLAIN = Settings.load(SETTINGS)
SCHEMAS = document()["components"]["schemas"]
SETUP, RESYNC = (Draft202012Validator(SCHEMAS[name]) for name in ("SetupRequest", "Resync"))
ADDRESSES = st.sampled_from(["room1@contoso.com", "ROOM@contoso.com ", "x", "a..b@contoso.com"]) | st.text(max_size=12)
URLS = st.sampled_from(["https://partner.example/graph", "http://partner.example", "https://[::1]:0/", "https://[", ""]) | (
    st.text(max_size=30).map(lambda text: "https://" + text)
)  # fmt: skip
WISHES = st.fixed_dictionaries(
    {},
    optional={
        "mailbox": ADDRESSES | JSON, "mailboxes": st.lists(ADDRESSES, max_size=3) | JSON, "roomList": ADDRESSES | JSON,
        "delivery": st.sampled_from(["relay", "direct"]) | JSON, "notificationUrl": URLS | JSON, "more": JSON,
    },
)  # fmt: skip
NAMES = [name.upper() for name in Settings.model_fields]
VALUES = st.text(max_size=30) | st.integers().map(str) | st.floats().map(str) | URLS | st.just("@Microsoft.KeyVault(x)")
CANARY = "canary-1d5b"


@given(WISHES)
@example({"mailbox": "room1@contoso.com", "mailboxes": None})
@example({"mailbox": "a@contoso.com", "roomList": "b@contoso.com"})
def test_any_setup_call_is_a_wish_or_refused(content: dict[str, Any]) -> None:
    """422 and nothing else; what is refused for its fields is what the OpenAPI document refuses, and only that."""
    try:
        request = read_request(content)
    except SetupRefused as refused:
        assert refused.status == 422
        assert not SETUP.is_valid(content)
        return
    sound = True
    for mailbox in [request.mailbox] if request.mailbox is not None else request.mailboxes or []:
        sound &= _is_granted(lambda mailbox=mailbox: read_wish(request, mailbox, PLAIN).mailbox)  # type: ignore[misc]
    if request.room_list is not None:
        sound &= _is_granted(lambda: read_room_list(request))
    if sound:
        assert SETUP.is_valid(content)


def _is_granted(read: Any) -> bool:
    try:
        address: str = read()
    except SetupRefused as refused:
        assert refused.status == 422
        return False
    assert address.isascii()
    assert address == address.strip().lower()
    assert not set(address) & set("/?#'\"\\<> \r\n\0")
    return True


@given(URLS)
@example("https://partner.example:99999/")
@example("https://partner.example\t/")
def test_any_notification_url_is_the_partners_or_refused(url: str) -> None:
    """What is granted is https, of an allowed host, and as it was sent."""
    try:
        granted = checked_notification_url(url, PLAIN)
    except SetupRefused as refused:
        assert refused.status == 422
        return
    assert granted == url
    assert url.startswith("https://partner.example")


@given(st.text(max_size=40) | st.ip_addresses().map(str))
def test_any_host_is_private_or_not(host: str) -> None:
    """Nothing is raised; what is no name with a dot is private."""
    assert is_private(host) or "." in host or ":" in host


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b'{"full":' + b"9" * 5_000 + b"}")
def test_any_body_is_an_object_or_400(body: bytes) -> None:
    """And a resync's body is sound exactly when the document says so."""
    try:
        content = json_object(body)
    except SetupRefused as refused:
        assert refused.status == 400
        return
    try:
        assert isinstance(_full(body), bool)
    except SetupRefused as refused:
        assert refused.status == 422
        assert not RESYNC.is_valid(content)
    else:
        assert RESYNC.is_valid(content)


@given(st.text(max_size=40) | st.integers().map(str))
def test_any_page_is_a_page_or_422(text: str) -> None:
    """A size within the bounds, and a start that is empty or an id."""
    for read, good in (
        (_page_size, lambda size: 1 <= size <= LARGEST_PAGE and size == int(text)),
        (_page_start, lambda start: start == text and (not start or len(start) == 32)),
    ):
        try:
            assert good(read(text))  # type: ignore[operator]
        except SetupRefused as refused:
            assert refused.status == 422


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_any_environment_is_settings(environ: dict[str, str]) -> None:
    """Loading never raises; what is broken is named, and every other setting can be read."""
    settings = Settings.load(environ)
    for name in NAMES:
        if name in settings.problems:
            with pytest.raises(ConfigurationError):
                getattr(settings, name.lower())
        else:
            getattr(settings, name.lower())


@given(st.sampled_from([name for name in NAMES if name.endswith(("_URL", "_URI", "_HOST", "_DAYS", "_MINUTES"))]), VALUES)
def test_no_value_of_a_broken_setting_is_shown(name: str, value: str) -> None:
    """Somebody may have put a secret there."""
    problems = Settings.load({name: value + CANARY}).problems
    assert CANARY not in str(problems)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_allow_list_allows_only_what_it_names(entries: str, mailbox: str) -> None:
    """An entry, or the domain of one."""
    allowed = AllowList(entries, lambda _: [], lambda: NOW)
    if allowed.allows(mailbox):
        assert mailbox.lower() in entries.lower() or mailbox.lower()[mailbox.rfind("@") :] in entries.lower()


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda key: "whsec_" + key.hex()))
@example("whsec_" + CANARY)
def test_any_signing_secret_signs_or_is_named(secret: str) -> None:
    """ConfigurationError, with the secret's name and without the secret."""
    try:
        headers = signed_headers("its-name", secret, "msg_1", NOW, "{}")
    except ConfigurationError as error:
        assert error.name == "its-name"
        assert CANARY not in str(error)
        return
    assert len(headers["webhook-signature"].split()) == len(secret.split())


def test_the_strategies_reach_the_good_ones() -> None:
    """A property that no example can break says nothing: these are granted."""
    direct = {"mailbox": "r@contoso.com", "delivery": "direct", "notificationUrl": "https://partner.example/graph"}
    for wish in (direct, {"mailbox": "r@contoso.com"}, {"mailboxes": ["r@contoso.com"]}, {"roomList": "r@contoso.com"}):
        assert SETUP.is_valid(wish)
        read_request(wish)
