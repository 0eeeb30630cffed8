"""Any request and any setting gives a value or the one documented error."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC
from functools import partial
from typing import Any

import pytest
from azure.functions import HttpRequest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.relay_state import _reason
from functions.responses import LARGEST_PAGE, json_object, page_size
from functions.resync import _full
from functions.subscriptions import _page_start
from sandbox.json_schema import Draft202012Validator
from sandbox.process import ROOT
from shared.config import Settings
from shared.errors import ConfigurationError, RequestRejected
from shared.http.addresses import is_private
from shared.partner.webhook import signed_headers
from shared.policy.allow_list import AllowList
from shared.reliability.dead_letters import parse_selection
from shared.storage.room_lists import RoomListReadings
from shared.watches.former_requests import SetupRequest, parse_room_list, parse_setup_request
from shared.watches.requests import checked_notification_url, parse_watch_request
from tests.properties.test_reading_properties import JSON, NOW
from tests.support.table import FakeTable
from tests.support.world import SETTINGS
from tools.openapi.document import document

PLAIN = Settings.load(SETTINGS)
SCHEMAS = document()["components"]["schemas"]
RESYNC, SELECTION, REASON = (
    Draft202012Validator(SCHEMAS[name]) for name in ("Resync", "DeadLetterSelection", "StateChange")
)
FORMER = json.loads((ROOT / "shared/openapi-1.json").read_text())["components"]["schemas"]
SETUP = Draft202012Validator(FORMER["SetupRequest"])
ADDRESSES = st.sampled_from(["room1@contoso.com", "ROOM@contoso.com ", "x", "a..b@contoso.com"]) | st.text(max_size=12)
ODD_URLS = ["https://partner.example/graph", "http://partner.example", "https://[::1]:0/", "https://[", ""]
URLS = st.sampled_from(ODD_URLS) | st.text(max_size=30).map(lambda text: "https://" + text)
SETUP_CALLS = st.fixed_dictionaries(
    {},
    optional={
        "mailbox": ADDRESSES | JSON, "mailboxes": st.lists(ADDRESSES, max_size=3) | JSON, "roomList": ADDRESSES | JSON,
        "delivery": st.sampled_from(["relay", "direct"]) | JSON, "notificationUrl": URLS | JSON, "more": JSON,
    },
)  # fmt: skip
MOMENTS = st.datetimes(timezones=st.none() | st.timezones()).map(lambda moment: moment.isoformat()) | JSON
SELECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "ids": st.lists(st.from_regex("[0-9a-f]{32}", fullmatch=True), max_size=3) | JSON, "from": MOMENTS,
        "to": MOMENTS, "all": st.booleans() | JSON, "more": JSON,
    },
)  # fmt: skip
NAMES = [name.upper() for name in Settings.model_fields]
CHECKED = [name for name in NAMES if name.endswith(("_URL", "_URI", "_HOST", "_DAYS", "_MINUTES"))]
VALUES = st.text(max_size=30) | st.integers().map(str) | st.floats().map(str) | URLS | st.just("@Microsoft.KeyVault(x)")
CANARY = "canary-1d5b"


@given(SETUP_CALLS)
@example({"mailbox": "room1@contoso.com", "mailboxes": None})
@example({"mailbox": "a@contoso.com", "roomList": "b@contoso.com"})
def test_any_setup_call_is_a_request_or_422(content: dict[str, Any]) -> None:
    """Only 422; a call rejected for its fields is one that the OpenAPI document rejects, and vice versa."""
    try:
        request = parse_setup_request(content)
    except RequestRejected as refused:
        assert refused.status == 422
        assert not SETUP.is_valid(content)
        return
    sound = True
    for mailbox in [request.mailbox] if request.mailbox is not None else request.mailboxes or []:
        sound &= _is_granted(partial(_mailbox_of, request, mailbox))
    if request.room_list is not None:
        sound &= _is_granted(lambda: parse_room_list(request))
    if sound:
        assert SETUP.is_valid(content)


def _mailbox_of(request: SetupRequest, mailbox: str) -> str:
    return parse_watch_request(request, mailbox, PLAIN).mailbox


def _is_granted(read: Any) -> bool:
    try:
        address: str = read()
    except RequestRejected as refused:
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
    """An accepted URL is https, of an allowed host, and unchanged."""
    try:
        granted = checked_notification_url(url, PLAIN)
    except RequestRejected as refused:
        assert refused.status == 422
        return
    assert granted == url
    assert url.startswith("https://partner.example")


@given(st.text(max_size=40) | st.ip_addresses().map(str))
def test_any_host_is_private_or_not(host: str) -> None:
    """Nothing is raised; a name without a dot is private."""
    assert is_private(host) or "." in host or ":" in host


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b'{"full":' + b"9" * 5_000 + b"}")
def test_any_body_is_an_object_or_400(body: bytes) -> None:
    """The body of a resync is valid exactly when the document says so."""
    try:
        content = json_object(body)
    except RequestRejected as refused:
        assert refused.status == 400
        return
    try:
        assert isinstance(_full(body), bool)
    except RequestRejected as refused:
        assert refused.status == 422
        assert not RESYNC.is_valid(content)
    else:
        assert RESYNC.is_valid(content)


@given(st.text(max_size=40) | st.integers().map(str))
def test_any_page_is_a_page_or_422(text: str) -> None:
    """The size is within its bounds, and the start is empty or an id."""
    request = HttpRequest("GET", "https://relay.example", params={"pageSize": text}, body=b"")
    with suppress(RequestRejected):
        assert 1 <= page_size(request) <= LARGEST_PAGE
        assert page_size(request) == int(text)
    with suppress(RequestRejected):
        assert _page_start(text) == text
        assert len(text) in (0, 32)


@given(st.fixed_dictionaries({}, optional={"reason": st.text(max_size=600) | JSON, "more": JSON}))
@example({"reason": "because", "more": 1})
def test_any_reason_is_text_or_422(content: dict[str, Any]) -> None:
    """An extra field is rejected, too."""
    try:
        reason = _reason(json.dumps(content).encode())
    except RequestRejected as refused:
        assert refused.status == 422
        assert not REASON.is_valid(content)
        return
    assert isinstance(reason, str)
    assert content.keys() <= {"reason"}


@given(SELECTIONS)
@example({"to": 0})
@example({"to": "0.5"})
@example({"from": "0001-01-01T00:00:00+23:59"})
def test_any_selection_of_dead_letters_is_valid_or_422(content: dict[str, Any]) -> None:
    """It is accepted only when the OpenAPI document allows it."""
    try:
        selection = parse_selection(content)
    except RequestRejected as refused:
        assert refused.status == 422
        return
    assert SELECTION.is_valid(content)
    for moment in (selection.since, selection.before):
        assert moment is None or moment.tzinfo is UTC  # storage compares texts: one zone for all


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_any_environment_is_settings(environ: dict[str, str]) -> None:
    """Loading never raises; broken settings are named, and all others can be read."""
    settings = Settings.load(environ)
    for name in NAMES:
        if name not in settings.problems or name in settings.replaced:
            getattr(settings, name.lower())
        elif name != "FEATURES":  # known features stay usable
            with pytest.raises(ConfigurationError):
                getattr(settings, name.lower())
    words = (environ.get("FEATURES", "").strip() or "relay").split(",")
    assert settings.switched_on <= {word.strip().lower() for word in words}


@given(st.sampled_from(CHECKED), VALUES)
@example("PARTNER_WEBHOOK_URL", "https://partner.example:")
@example("GRAPH_BASE_URL", "https://[")
def test_no_value_of_a_broken_setting_is_shown(name: str, value: str) -> None:
    """The value may be a misplaced secret."""
    for text in (value + CANARY, f"{value}{CANARY}]"):
        assert CANARY not in str(Settings.load({name: text}).problems)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_allow_list_allows_only_what_it_names(entries: str, mailbox: str) -> None:
    """An entry, or the domain of an entry."""
    allowed = AllowList(lambda: entries, lambda _: [], lambda: NOW, RoomListReadings(FakeTable))
    if allowed.allows(mailbox):
        assert mailbox.lower() in entries.lower() or mailbox.lower()[mailbox.rfind("@") :] in entries.lower()


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda key: "whsec_" + key.hex()))
@example("whsec_" + CANARY)
def test_any_signing_secret_signs_or_is_named(secret: str) -> None:
    """The ConfigurationError has the secret's name and not its value."""
    try:
        headers = signed_headers("its-name", secret, "msg_1", NOW, "{}")
    except ConfigurationError as error:
        assert error.name == "its-name"
        assert CANARY not in str(error)
        return
    assert len(headers["webhook-signature"].split()) == len(secret.split())


def test_the_strategies_generate_valid_input() -> None:
    """A property without valid examples would prove nothing: these are accepted."""
    direct = {"mailbox": "r@contoso.com", "delivery": "direct", "notificationUrl": "https://partner.example/graph"}
    address = "r@contoso.com"
    for request in (direct, {"mailbox": address}, {"mailboxes": [address]}, {"roomList": address}):
        assert SETUP.is_valid(request)
        parse_setup_request(request)
