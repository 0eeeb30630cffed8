"""Claims about the clientState: what is accepted, what is not, and which key signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.graph.client_state import LONGEST, PROPAGATION_DELAY, Key, sign, signing_key, watch_named_by

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
WATCH, OTHER = "0" * 31 + "a", "0" * 31 + "b"
OLD = Key("0123456789abcdef0123456789abcdef", b"the old secret of the relay", NOW - timedelta(days=90))
NEW = Key("fedcba9876543210fedcba9876543210", b"the new secret of the relay", NOW - timedelta(days=1))
RETIRED = Key("99999999999999999999999999999999", b"a secret from years ago....", NOW - timedelta(days=900))


def test_what_was_signed_names_its_watch() -> None:
    """A clientState of the newest key is accepted."""
    assert watch_named_by(sign(WATCH, NEW), [NEW, OLD]) == WATCH


def test_the_previous_key_stays_valid() -> None:
    """A rotation breaks no subscription that was made before it."""
    assert watch_named_by(sign(WATCH, OLD), [NEW, OLD]) == WATCH


def test_a_retired_key_is_refused() -> None:
    """After two rotations a clientState of the first key proves nothing."""
    assert watch_named_by(sign(WATCH, RETIRED), [NEW, OLD]) is None


def test_it_fits_into_graphs_128_characters() -> None:
    """Key Vault's versions and our watch ids have 32 characters each; the whole stays under Graph's limit."""
    assert len(sign(WATCH, NEW)) <= LONGEST == 128


def test_one_changed_character_is_refused_wherever_it_is() -> None:
    """No character of a clientState can be changed without its being noticed."""
    good = sign(WATCH, NEW)
    for place, character in enumerate(good):
        bad = good[:place] + ("A" if character != "A" else "B") + good[place + 1 :]
        assert watch_named_by(bad, [NEW, OLD]) is None, place


def test_the_state_of_one_watch_does_not_speak_for_another() -> None:
    """Who knows one clientState cannot make that of another mailbox."""
    mac = sign(WATCH, NEW).rpartition(".")[2]
    assert watch_named_by(f"{NEW.version}.{OTHER}.{mac}", [NEW, OLD]) is None


def test_the_mac_covers_the_version() -> None:
    """The same watch and secret under another version name is another clientState."""
    twin = Key("another", NEW.secret, NEW.created)
    assert sign(WATCH, NEW).rpartition(".")[2] != sign(WATCH, twin).rpartition(".")[2]


@pytest.mark.parametrize("cut", [1, 2, 10, 43, 44, 76, 100, 108])
def test_a_truncated_one_is_refused(cut: int) -> None:
    """A beginning of a good clientState is no good one."""
    good = sign(WATCH, NEW)
    assert watch_named_by(good[:-cut], [NEW, OLD]) is None


@pytest.mark.parametrize(
    "state",
    [None, 0, 1, True, 1.5, [], {}, "", ".", "..", "...", "x", f"{NEW.version}.", f"{NEW.version}.{WATCH}",
     f"{NEW.version}.{WATCH}.", "ø" * 20, f"{NEW.version}.{WATCH}.é", "\ud800", "x" * 129, "x" * 1_000_000],
)  # fmt: skip
def test_what_is_no_client_state_is_refused(state: object) -> None:
    """Any type and any length may arrive; only text of ours is accepted, and nothing raises."""
    assert watch_named_by(state, [NEW, OLD]) is None


def test_a_good_one_with_something_behind_it_is_refused() -> None:
    """Padding, white space and case are part of the text."""
    good = sign(WATCH, NEW)
    assert all(watch_named_by(bad, [NEW]) is None for bad in (good + "=", good + " ", " " + good, good.upper()))


def test_without_keys_nothing_is_accepted() -> None:
    """An empty list of keys accepts nobody."""
    assert watch_named_by(sign(WATCH, NEW), []) is None


def test_a_new_key_verifies_at_once_but_signs_only_when_learnt() -> None:
    """Until PROPAGATION_DELAY is over other instances may not know the new key, so the old one signs."""
    fresh = Key("f" * 32, b"a secret that was just made", NOW - PROPAGATION_DELAY + timedelta(seconds=1))
    assert watch_named_by(sign(WATCH, fresh), [fresh, OLD]) == WATCH
    assert signing_key([fresh, OLD], NOW) is OLD
    assert signing_key([fresh, OLD], NOW + timedelta(seconds=1)) is fresh


def test_the_first_key_signs_at_once() -> None:
    """On the day of the deployment there is no older key to wait with."""
    first = Key("f" * 32, b"a secret that was just made", NOW)
    assert signing_key([first], NOW) is first


def test_of_two_new_keys_the_older_signs() -> None:
    """It is the one that more instances know."""
    older, newer = Key("a", b"1" * 16, NOW - timedelta(minutes=2)), Key("b", b"2" * 16, NOW)
    assert signing_key([newer, older], NOW) is older


def test_a_key_shows_no_secret() -> None:
    """A key in a log line or a traceback says nothing."""
    assert "secret" not in repr(NEW)
    assert "secret" not in str([NEW])
