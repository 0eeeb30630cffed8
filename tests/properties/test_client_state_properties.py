"""A signed clientState verifies, and no other text does."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.graph.client_state import LONGEST, Key, sign, watch_named_by

HEX = st.text("0123456789abcdef", min_size=32, max_size=32)
KEYS = st.builds(Key, HEX, st.binary(min_size=16, max_size=64), st.just(datetime(2026, 1, 1, tzinfo=UTC)))


@given(HEX, KEYS, KEYS)
def test_a_signed_client_state_verifies(watch: str, key: Key, other: Key) -> None:
    """With the key as the newest or the previous one; it is never too long."""
    state = sign(watch, key)
    assert len(state) <= LONGEST
    assert watch_named_by(state, [key, other]) == watch_named_by(state, [other, key]) == watch


@given(HEX, KEYS, KEYS)
def test_another_key_does_not_verify_it(watch: str, key: Key, other: Key) -> None:
    """Even one with the same version."""
    assume(key.secret != other.secret)
    assert watch_named_by(sign(watch, key), [Key(key.version, other.secret, other.created)]) is None


@given(HEX, KEYS, st.data())
def test_no_mutation_is_accepted(watch: str, key: Key, data: st.DataObject) -> None:
    """A replacement, insertion, deletion or swap gives the same text or is rejected."""
    state = sign(watch, key)
    start = data.draw(st.integers(0, len(state)))
    end = data.draw(st.integers(start, min(len(state), start + 5)))
    put = data.draw(st.text(max_size=5))
    changed = state[:start] + put + state[end:]
    assume(changed != state)
    assert watch_named_by(changed, [key]) is None


@given(st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.lists(st.text())), KEYS)
def test_nothing_is_accepted_by_chance_and_nothing_raises(state: object, key: Key) -> None:
    """A value of any type is rejected."""
    assert watch_named_by(state, [key]) is None
