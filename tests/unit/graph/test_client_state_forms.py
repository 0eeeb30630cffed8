"""The two forms of the clientState: neither can be turned into the other, and both are within Graph's limit."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

import pytest

from shared.graph.client_state import LONGEST, Key, Kind, Verified, new_nonce, sign, verified

KEY = Key("0123456789abcdef0123456789abcdef", b"the secret of the relay", datetime(2026, 11, 20, 10, tzinfo=UTC))
WATCH, NONCE = "5" * 32, "aB3-_x9Z0q1w"


def signed(text: str) -> str:
    """Return a text with its MAC by the relay's key, in whatever form."""
    mac = base64.urlsafe_b64encode(hmac.digest(KEY.secret, text.encode(), "sha256"))
    return f"{text}.{mac.rstrip(b'=').decode()}"


def test_it_fits_into_graphs_128_characters() -> None:
    """Key Vault's versions and watch ids have 32 characters, the MAC has all of its 256 bits."""
    state = sign(WATCH, KEY, "direct", new_nonce())
    assert [len(part) for part in state.split(".")] == [32, 32, 13, 43]
    assert len(state) == 123 < LONGEST == 128


@pytest.mark.parametrize("kind", ["relay", "direct"])
def test_without_a_nonce_it_is_the_text_of_earlier_versions(kind: Kind) -> None:
    """The clientState of a subscription that an earlier version made can be told again."""
    assert sign(WATCH, KEY, kind, "") == signed(f"{KEY.version}.{WATCH}")


def test_every_part_is_covered_by_the_mac() -> None:
    """Version, watch, kind and nonce: the MAC is that of the text before it."""
    assert sign(WATCH, KEY, "direct", NONCE) == signed(f"{KEY.version}.{WATCH}.d{NONCE}")


def test_a_direct_client_state_cannot_be_turned_into_another_kind() -> None:
    """A partner that changes the kind, or takes out kind and nonce, gets a text that is not valid."""
    version, watch, marked, mac = sign(WATCH, KEY, "direct", NONCE).split(".")
    for bent in (f"r{marked[1:]}", f"r{marked}", marked[1:], marked.upper(), "", "d", "r", f"{marked}.r{NONCE}"):
        assert verified(f"{version}.{watch}.{bent}.{mac}", [KEY]) is None, bent
    assert verified(f"{version}.{watch}.{mac}", [KEY]) is None
    assert verified(f"{version}.{watch}{marked}.{mac}", [KEY]) is None


def test_a_client_state_of_the_former_form_cannot_be_turned_into_the_form_with_a_kind() -> None:
    """Its MAC is valid for its own text only."""
    version, watch, mac = sign(WATCH, KEY, "relay", "").split(".")
    assert all(verified(f"{version}.{watch}.{kind}{NONCE}.{mac}", [KEY]) is None for kind in "rd")


@pytest.mark.parametrize(
    "content", ["", f"{WATCH}.x{NONCE}", f"{WATCH}.", f"{WATCH}.d{NONCE}.more", ".", f"{WATCH}..d"]
)
def test_a_form_that_this_version_does_not_know_may_do_nothing(content: str) -> None:
    """Also if the relay's key signed it, as a later version may have done."""
    assert verified(signed(f"{KEY.version}.{content}" if content else KEY.version), [KEY]) is None


def test_two_subscriptions_of_a_watch_have_two_client_states() -> None:
    """The nonce is random; its characters are those of base64url, so none is the dot between the parts."""
    nonces = {new_nonce() for _ in range(1_000)}
    states = {sign(WATCH, KEY, "relay", nonce) for nonce in nonces}
    assert len(nonces) == len(states) == 1_000
    assert all(len(nonce) == 12 and nonce.replace("-", "a").replace("_", "a").isalnum() for nonce in nonces)
    assert {verified(state, [KEY]) for state in states} == {Verified(WATCH, "relay")}
