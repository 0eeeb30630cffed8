"""A signed clientState verifies, and no other text does."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.graph.client_state import LONGEST, NONCE_BYTES, Key, Kind, Verified, sign, verified

HEX = st.text("0123456789abcdef", min_size=32, max_size=32)
KEYS = st.builds(Key, HEX, st.binary(min_size=16, max_size=64), st.just(datetime(2026, 1, 1, tzinfo=UTC)))
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
LENGTH = NONCE_BYTES * 4 // 3
NONCES = st.one_of(st.just(""), st.text(LETTERS, min_size=LENGTH, max_size=LENGTH))
KINDS = st.sampled_from(["relay", "direct"])


@given(HEX, KEYS, KEYS, KINDS, NONCES)
def test_a_signed_client_state_verifies(watch: str, key: Key, other: Key, kind: Kind, nonce: str) -> None:
    """With the key as the newest or the previous one; it is never too long."""
    state = sign(watch, key, kind, nonce)
    assert len(state) <= LONGEST
    assert verified(state, [key, other]) == verified(state, [other, key]) == Verified(watch, kind if nonce else None)


@given(HEX, KEYS, KEYS, KINDS, NONCES)
def test_another_key_does_not_verify_it(watch: str, key: Key, other: Key, kind: Kind, nonce: str) -> None:
    """Even one with the same version."""
    assume(key.secret != other.secret)
    state = sign(watch, key, kind, nonce)
    assert verified(state, [Key(key.version, other.secret, other.created)]) is None


@given(HEX, KEYS, KINDS, NONCES, st.data())
def test_no_mutation_is_accepted(watch: str, key: Key, kind: Kind, nonce: str, data: st.DataObject) -> None:
    """A replacement, insertion, deletion or swap gives the same text or is rejected."""
    state = sign(watch, key, kind, nonce)
    start = data.draw(st.integers(0, len(state)))
    end = data.draw(st.integers(start, min(len(state), start + 15)))
    put = data.draw(st.one_of(st.text(max_size=5), st.text("." + LETTERS, max_size=15)))
    changed = state[:start] + put + state[end:]
    assume(changed != state)
    assert verified(changed, [key]) is None


@given(KEYS, st.lists(st.tuples(HEX, KINDS, NONCES), min_size=2, max_size=2), st.data())
def test_no_mixture_of_two_client_states_is_accepted(
    key: Key, two: list[tuple[str, Kind, str]], data: st.DataObject
) -> None:
    """Parts of two valid texts, of the same or of both forms, give one of the two or are rejected."""
    one, other = (sign(watch, key, kind, nonce) for watch, kind, nonce in two)
    pieces = [*one.split("."), *other.split(".")]
    mixed = ".".join(data.draw(st.lists(st.sampled_from(pieces), min_size=2, max_size=5)))
    assume(mixed not in (one, other))
    assert verified(mixed, [key]) is None


@given(st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.lists(st.text())), KEYS)
def test_nothing_is_accepted_by_chance_and_nothing_raises(state: object, key: Key) -> None:
    """A value of any type is rejected."""
    assert verified(state, [key]) is None
