"""What an upgrade would stop: each rule says so, and says "not known" without what it needs."""

from __future__ import annotations

import string

import pytest

from relay_admin import upgrade_rules as rules
from relay_admin.upgrade_rules import Finding
from shared import caller_keys
from shared.api.fields import is_address, is_recipient

GUID = "11111111-2222-4333-8444-555555555555"
DIRECT = {"mailbox": "a@contoso.com", "delivery": "direct", "notificationUrl": "https://Events.Partner.example/x?y=1"}


def result(finding: Finding) -> tuple[bool | None, bool]:
    """Return whether it is ok, and whether something stops."""
    return finding.ok, finding.stops


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, (None, False)), ("a1b2c3d4" * 4, (True, False)), ("a1b2c3d4" * 3, (False, True)), ("a" * 40, (False, True)),
     ("abcdefg" * 10, (False, True)), (GUID, (False, True)), ("", (False, True))],
)  # fmt: skip
def test_the_key_is_judged_as_the_relay_does(key: str | None, expected: tuple[bool | None, bool]) -> None:
    """By its length and its different characters; no text holds it."""
    finding = rules.client_state_key(key)
    assert result(finding) == expected
    if key is not None:
        assert caller_keys.is_strong(key) == finding.ok
        assert not key or key not in finding.detail + finding.what_to_do


@pytest.mark.parametrize("sign", [sign for sign in string.printable if is_recipient(f"a{sign}b@contoso.com")])
def test_the_letters_of_addresses_are_those_that_the_relay_takes(sign: str) -> None:
    """Every address that an earlier version took is judged as this one does."""
    address = f"a{sign}b@contoso.com"
    assert rules.mailboxes([address]).ok == is_address(address)


def test_a_backslash_is_refused() -> None:
    """No version took it from a caller, but Graph may have listed a room with one."""
    assert rules.mailboxes(["a\\b@contoso.com"]).stops


@pytest.mark.parametrize(
    ("settings", "expected"),
    [(None, (None, False)), ({}, (False, True)), ({"ALLOWED_MAILBOXES": "@contoso.com"}, (False, True)),
     ({"ALLOWED_MAILBOXES": f"@x.com, {GUID.upper()}@CONTOSO.com"}, (True, False))],
)  # fmt: skip
def test_an_object_id_needs_an_entry_of_its_own(
    settings: dict[str, str] | None, expected: tuple[bool | None, bool]
) -> None:
    """With and without hyphens; another address needs no setting."""
    assert result(rules.object_ids([f"{GUID}@contoso.com"], settings)) == expected
    assert result(rules.object_ids(["room1@contoso.com"], settings)) == (True, False)
    assert rules.object_ids([f"{GUID.replace('-', '')}@contoso.com"], {}).stops


@pytest.mark.parametrize(
    ("settings", "expected"),
    [(None, (None, False)),
     ({"ALLOWED_NOTIFICATION_HOSTS": "x.example, EVENTS.partner.example"}, (True, False)),
     ({"ALLOWED_NOTIFICATION_HOSTS": "x.example"}, (False, True)),
     ({"ALLOWED_NOTIFICATION_HOSTS": "none"}, (False, True)),
     ({"PARTNER_WEBHOOK_URL": "https://events.partner.example/hook"}, (False, False)),
     ({"PARTNER_WEBHOOK_URL": "https://other.example/hook"}, (False, True)), ({}, (False, True))],
)  # fmt: skip
def test_direct_watches_need_their_host(settings: dict[str, str] | None, expected: tuple[bool | None, bool]) -> None:
    """The webhook's own host goes on, with a warning; without direct watches nothing is to be known."""
    assert result(rules.direct_watches([DIRECT], settings)) == expected
    assert result(rules.direct_watches([{"mailbox": "a@contoso.com", "delivery": "relay"}], settings)) == (True, False)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"TRUST_APP_SERVICE_AUTH": "true"}, "TRUST_APP_SERVICE_AUTH"), ({"TRUST_APP_SERVICE_AUTH": "false"}, ""),
     ({"ALLOW_PRIVATE_ADDRESSES": "1"}, "ALLOW_PRIVATE_ADDRESSES"), ({"FEATURES": "relay"}, ""),
     ({"ALLOWED_MAILBOXES": "@contoso.onmicrosoft.com"}, "@contoso.onmicrosoft.com")],
)  # fmt: skip
def test_settings_that_lose_their_effect_are_a_warning(settings: dict[str, str], named: str) -> None:
    """None of them stops what works."""
    finding = rules.ignored_settings(settings)
    assert result(finding) == (not named, False)
    assert named in finding.detail


def test_long_lists_name_some() -> None:
    """And the number of all."""
    text = rules.mailboxes([f"a%{number}@contoso.com" for number in range(100)]).detail
    assert text.startswith("100 have one of")
    assert text.endswith("and 95 more")
