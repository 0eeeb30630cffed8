"""Claims about what callers send to prove themselves: whatever it is, it is refused in one way, and never a crash."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth.access_token import bearer_of, verified_claims
from shared.auth.app_service import principal_claims
from shared.auth.claims import caller_from
from shared.errors import Unauthenticated
from tests.support.minting import EXPECTED, claims, key_of, token

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6,
)  # fmt: skip
HEADERS = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5c", "x"]), VALUES)
GOOD = token()


def part(content: object) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@given(st.text())
def test_any_authorization_is_refused(text: str) -> None:
    """As a whole header, and as a token."""
    for header in (text, f"Bearer {text}"):
        with pytest.raises(Unauthenticated):
            verified_claims(bearer_of(header), key_of, EXPECTED)


@given(HEADERS, st.sampled_from([None, "RS256", "none", "HS256"]), st.sampled_from([None, "one", "two", "three"]))
def test_any_header_with_another_signature_is_refused(
    header: dict[str, object], algorithm: str | None, key_id: str | None
) -> None:
    """Keys that the token brings along included: its signature is that of another token."""
    header |= {name: value for name, value in (("alg", algorithm), ("kid", key_id)) if value}
    with pytest.raises(Unauthenticated):
        verified_claims(f"{part(header)}.{part(claims())}.{GOOD.split('.')[2]}", key_of, EXPECTED)


@given(st.integers(min_value=0, max_value=len(GOOD) - 1), st.characters(codec="utf-8"))
def test_a_token_with_one_character_changed_is_refused_or_the_same(place: int, character: str) -> None:
    """The last character of a part holds bits that mean nothing; all others count."""
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    try:
        assert verified_claims(changed, key_of, EXPECTED) == verified_claims(GOOD, key_of, EXPECTED)
    except Unauthenticated:
        assert changed != GOOD


@given(st.dictionaries(st.sampled_from(["tid", "iss", "aud", "appid", "azp", "roles", "idtyp", "scp"]), VALUES))
def test_any_signed_claims_are_judged(changes: dict[str, object]) -> None:
    """Even of what login signs, what is odd is refused: there is no claim whose type can make us stumble."""
    try:
        caller = caller_from({**claims(), **changes}, EXPECTED)
    except Unauthenticated:
        return
    assert all(isinstance(role, str) for role in caller.roles)
    assert len(caller.name) == 36


def principal(content: object) -> str:
    """Return a header of App Service authentication."""
    return base64.b64encode(json.dumps(content).encode()).decode()


@given(
    st.text()
    | VALUES.map(principal)
    | st.lists(VALUES).map(lambda listed: principal({"auth_typ": "aad", "claims": listed}))
)
def test_any_principal_is_refused(header: str) -> None:
    """Whatever App Service may be made to send."""
    with pytest.raises(Unauthenticated):
        caller_from(principal_claims(header), EXPECTED)
