"""The clientState: what is accepted, what is rejected, and which key signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.graph.client_state import LONGEST, PROPAGATION_DELAY, Key, sign, signing_key, watch_named_by

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
WATCH, OTHER = "0" * 31 + "a", "0" * 31 + "b"
OLD = Key("0123456789abcdef0123456789abcdef", b"the old secret of the relay", NOW - timedelta(days=90))
NEW = Key("fedcba9876543210fedcba9876543210", b"the new secret of the relay", NOW - timedelta(days=1))
RETIRED = Key("99999999999999999999999999999999", b"a secret from years ago....", NOW - timedelta(days=900))


def test_a_signed_client_state_names_its_watch() -> None:
    """A clientState of the newest key is accepted."""
    assert watch_named_by(sign(WATCH, NEW), [NEW, OLD]) == WATCH


def test_the_previous_key_stays_valid() -> None:
    """A rotation does not invalidate existing subscriptions."""
    assert watch_named_by(sign(WATCH, OLD), [NEW, OLD]) == WATCH


def test_a_retired_key_is_rejected() -> None:
    """After two rotations a clientState of the first key is invalid."""
    assert watch_named_by(sign(WATCH, RETIRED), [NEW, OLD]) is None


def test_it_fits_into_graphs_128_characters() -> None:
    """Key Vault's versions and watch ids have 32 characters each; the whole stays within Graph's limit."""
    assert len(sign(WATCH, NEW)) <= LONGEST == 128


def test_any_changed_character_is_rejected() -> None:
    """A change of any character invalidates the clientState."""
    good = sign(WATCH, NEW)
    for index, character in enumerate(good):
        bad = good[:index] + ("A" if character != "A" else "B") + good[index + 1 :]
        assert watch_named_by(bad, [NEW, OLD]) is None, index


def test_the_state_of_a_watch_is_invalid_for_another() -> None:
    """Someone who has a clientState cannot forge that of another mailbox."""
    mac = sign(WATCH, NEW).rpartition(".")[2]
    assert watch_named_by(f"{NEW.version}.{OTHER}.{mac}", [NEW, OLD]) is None


def test_the_mac_covers_the_version() -> None:
    """The same watch and secret with another version have another MAC."""
    twin = Key("another", NEW.secret, NEW.created)
    assert sign(WATCH, NEW).rpartition(".")[2] != sign(WATCH, twin).rpartition(".")[2]


@pytest.mark.parametrize("cut", [1, 2, 10, 43, 44, 76, 100, 108])
def test_a_truncated_client_state_is_rejected(cut: int) -> None:
    """The beginning of a valid clientState is invalid."""
    good = sign(WATCH, NEW)
    assert watch_named_by(good[:-cut], [NEW, OLD]) is None


@pytest.mark.parametrize(
    "state",
    [None, 0, 1, True, 1.5, [], {}, "", ".", "..", "...", "x", f"{NEW.version}.", f"{NEW.version}.{WATCH}",
     f"{NEW.version}.{WATCH}.", "ø" * 20, f"{NEW.version}.{WATCH}.é", "\ud800", "x" * 129, "x" * 1_000_000],
)  # fmt: skip
def test_a_value_that_is_no_client_state_is_rejected(state: object) -> None:
    """Any type and length may arrive; nothing raises."""
    assert watch_named_by(state, [NEW, OLD]) is None


def test_a_padded_client_state_is_rejected() -> None:
    """Padding, white space and case are part of the text."""
    good = sign(WATCH, NEW)
    assert all(watch_named_by(bad, [NEW]) is None for bad in (good + "=", good + " ", " " + good, good.upper()))


def test_without_keys_nothing_is_accepted() -> None:
    """With an empty list of keys every clientState is invalid."""
    assert watch_named_by(sign(WATCH, NEW), []) is None


def test_a_new_key_verifies_immediately_and_signs_later() -> None:
    """Until PROPAGATION_DELAY is over other instances may not have the new key, so the old key signs."""
    fresh = Key("f" * 32, b"a secret that was just made", NOW - PROPAGATION_DELAY + timedelta(seconds=1))
    assert watch_named_by(sign(WATCH, fresh), [fresh, OLD]) == WATCH
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
