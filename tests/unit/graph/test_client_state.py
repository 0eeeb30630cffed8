"""The clientState in both forms: what is accepted, what is rejected, and which key signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.graph.client_state import PROPAGATION_DELAY, Key, Verified, sign, signing_key, verified

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
WATCH, OTHER = "0" * 31 + "a", "0" * 31 + "b"
OLD = Key("0123456789abcdef0123456789abcdef", b"the old secret of the relay", NOW - timedelta(days=90))
NEW = Key("fedcba9876543210fedcba9876543210", b"the new secret of the relay", NOW - timedelta(days=1))
RETIRED = Key("99999999999999999999999999999999", b"a secret from years ago....", NOW - timedelta(days=900))


NONCE = "aB3-_x9Z0q1w"
DIRECT, RELAY, FORMER = Verified(WATCH, "direct"), Verified(WATCH, "relay"), Verified(WATCH, None)
STATES = [(sign(WATCH, NEW, "direct", NONCE), DIRECT), (sign(WATCH, NEW, "relay", NONCE), RELAY),
          (sign(WATCH, NEW, "direct", ""), FORMER)]  # fmt: skip
in_each_form = pytest.mark.parametrize(("good", "says"), STATES, ids=["direct", "relay", "former"])


@in_each_form
def test_a_signed_client_state_says_watch_and_kind(good: str, says: Verified) -> None:
    """One of the newest key is accepted; the form of earlier versions says no kind."""
    assert verified(good, [NEW, OLD]) == says


@pytest.mark.parametrize(("nonce", "says"), [(NONCE, RELAY), ("", FORMER)])
def test_the_previous_key_stays_valid_and_a_retired_key_is_rejected(nonce: str, says: Verified) -> None:
    """A rotation does not invalidate existing subscriptions; after two rotations the first key is invalid."""
    assert verified(sign(WATCH, OLD, "relay", nonce), [NEW, OLD]) == says
    assert verified(sign(WATCH, RETIRED, "relay", nonce), [NEW, OLD]) is None


@in_each_form
def test_any_changed_character_is_rejected(good: str, says: Verified) -> None:
    """A change of any character invalidates the clientState, its kind and its nonce included."""
    assert verified(good, [NEW, OLD]) == says
    for index, character in enumerate(good):
        bad = good[:index] + ("A" if character != "A" else "B") + good[index + 1 :]
        assert verified(bad, [NEW, OLD]) is None, index


@in_each_form
def test_the_state_of_a_watch_is_invalid_for_another(good: str, says: Verified) -> None:
    """Someone who has a clientState cannot forge that of another mailbox."""
    assert verified(good.replace(WATCH, OTHER), [NEW, OLD]) is None
    assert verified(good, [NEW, OLD]) == says


def test_the_mac_covers_the_version() -> None:
    """The same watch and secret with another version have another MAC."""
    twin = Key("another", NEW.secret, NEW.created)
    macs = {sign(WATCH, key, "relay", NONCE).rpartition(".")[2] for key in (NEW, twin)}
    assert len(macs) == 2
    assert verified(sign(WATCH, NEW, "relay", NONCE), [twin]) is None


@in_each_form
def test_a_part_of_a_client_state_is_rejected(good: str, says: Verified) -> None:
    """Neither a beginning nor an end of a valid clientState is valid."""
    assert verified(good, [NEW]) == says
    assert all(verified(good[:-cut], [NEW]) is verified(good[cut:], [NEW]) is None for cut in range(1, len(good)))


@pytest.mark.parametrize(
    "state",
    [None, 0, 1, True, 1.5, [], {}, "", ".", "..", "...", "....", "x", f"{NEW.version}.", f"{NEW.version}.{WATCH}",
     f"{NEW.version}.{WATCH}.", f"{NEW.version}.{WATCH}.d{NONCE}.", "ø" * 20, f"{NEW.version}.{WATCH}.é", "\ud800",
     "x" * 129, "." * 128, "x" * 1_000_000],
)  # fmt: skip
def test_a_value_that_is_no_client_state_is_rejected(state: object) -> None:
    """Any type and length may arrive; nothing raises."""
    assert verified(state, [NEW, OLD]) is None


@in_each_form
def test_a_padded_client_state_is_rejected(good: str, says: Verified) -> None:
    """Padding, white space and case are part of the text."""
    assert verified(good, [NEW]) == says
    assert all(verified(bad, [NEW]) is None for bad in (good + "=", good + " ", " " + good, good.upper()))


@in_each_form
def test_without_keys_nothing_is_accepted(good: str, says: Verified) -> None:
    """With an empty list of keys every clientState is invalid."""
    assert (verified(good, []), verified(good, [NEW])) == (None, says)


def test_a_new_key_verifies_immediately_and_signs_later() -> None:
    """Until PROPAGATION_DELAY is over other instances may not have the new key, so the old key signs."""
    fresh = Key("f" * 32, b"a secret that was just made", NOW - PROPAGATION_DELAY + timedelta(seconds=1))
    assert verified(sign(WATCH, fresh, "relay", NONCE), [fresh, OLD]) == RELAY
    assert signing_key([fresh, OLD], NOW) is OLD
    assert signing_key([fresh, OLD], NOW + timedelta(seconds=1)) is fresh


def test_the_first_key_signs_immediately() -> None:
    """At the first deployment there is no older key."""
    first = Key("f" * 32, b"a secret that was just made", NOW)
    assert signing_key([first], NOW) is first


def test_of_two_new_keys_the_older_signs() -> None:
    """More instances have the older key."""
    older, newer = Key("a", b"1" * 16, NOW - timedelta(minutes=2)), Key("b", b"2" * 16, NOW)
    assert signing_key([newer, older], NOW) is older


def test_a_key_shows_no_secret() -> None:
    """A key in a log line or a traceback hides its secret."""
    assert "secret" not in repr(NEW)
    assert "secret" not in str([NEW])
