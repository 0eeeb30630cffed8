"""Claims about who is let in, and what the others hear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.auth.authenticator import Authenticator
from shared.auth.caller import ADMIN, READ, SETUP
from shared.auth.rate_limit import CallRateLimiter
from shared.config import Settings
from shared.errors import ConfigurationError, RequestRejected, Unauthenticated
from tests.support.minting import PARTNER, RELAY, TENANT, key_of, token
from tests.unit.auth.test_app_service import principal

GIVEN = {"TENANT_ID": TENANT, "CLIENT_ID": RELAY}
BEHIND_APP_SERVICE = {"TRUST_APP_SERVICE_AUTH": "true", "WEBSITE_AUTH_ENABLED": "True"}


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.time


def authenticator(clock: Callable[[], float] = lambda: 0.0, /, **settings: str) -> Authenticator:
    """Return an authenticator with these settings; login has two keys."""
    return Authenticator(Settings.load(GIVEN | settings), lambda: key_of, CallRateLimiter(clock))


def bearer(**changes: Any) -> str:
    """Return a good header, but for these changes."""
    return f"Bearer {token(**changes)}"


def test_keys_are_worth_setup_and_the_master_key_everything() -> None:
    """The host has checked them; which of the function keys it was nobody can tell."""
    key = authenticator().authenticate_key(master=False, other="/")
    assert (key.name, key.may(SETUP), key.may(READ), key.may(ADMIN)) == ("key", True, True, False)
    master = authenticator().authenticate_key(master=True, other="/")
    assert (master.name, master.may(ADMIN)) == ("master key", True)


@pytest.mark.parametrize("master", [False, True])
def test_keys_can_be_turned_off(master: bool) -> None:  # noqa: FBT001
    """The answer says where to call instead; tokens go on."""
    closed = authenticator(CALLER_KEYS="false")
    with pytest.raises(RequestRejected, match="Call /api/entra/x with a bearer token") as caught:
        closed.authenticate_key(master=master, other="/api/entra/x")
    assert caught.value.status == 403
    assert closed.authenticate_token(bearer(), None, SETUP).name == PARTNER


def test_a_setting_that_is_broken_lets_nobody_in() -> None:
    """It names itself: "perhaps" might have meant off."""
    with pytest.raises(ConfigurationError, match="CALLER_KEYS"):
        authenticator(CALLER_KEYS="perhaps").authenticate_key(master=True, other="/")
    with pytest.raises(ConfigurationError, match="CALLS_PER_MINUTE"):
        authenticator(CALLS_PER_MINUTE="0").authenticate_token(bearer(), None, READ)


@pytest.mark.parametrize(("roles", "role"), [([], READ), ([READ], SETUP), ([SETUP], ADMIN), (["Relay.Owner"], READ)])
def test_a_missing_role_is_403_and_named(roles: list[str], role: str) -> None:
    """Somebody can assign it then."""
    with pytest.raises(RequestRejected, match=role) as caught:
        authenticator().authenticate_token(bearer(roles=roles), None, role)
    assert caught.value.status == 403


def test_app_service_is_believed_only_when_told_to() -> None:
    """Else its header is nothing, with a token or without."""
    header = principal(roles=[ADMIN])
    for settings in ({}, {"TRUST_APP_SERVICE_AUTH": "false", "WEBSITE_AUTH_ENABLED": "True"}):
        with pytest.raises(Unauthenticated):
            authenticator(**settings).authenticate_token(None, header, READ)
        with pytest.raises(RequestRejected):
            authenticator(**settings).authenticate_token(bearer(roles=[READ]), header, ADMIN)
    assert authenticator(**BEHIND_APP_SERVICE).authenticate_token(None, header, ADMIN).name == PARTNER


def test_app_service_is_not_believed_where_it_is_not() -> None:
    """Told to trust it without its being enabled, nobody is let in: anybody could send that header."""
    for enabled in ("", "False"):
        open_to_all = authenticator(**BEHIND_APP_SERVICE | {"WEBSITE_AUTH_ENABLED": enabled})
        with pytest.raises(ConfigurationError, match="TRUST_APP_SERVICE_AUTH"):
            open_to_all.authenticate_token(None, principal(roles=[ADMIN]), READ)


def test_behind_app_service_a_token_alone_is_checked_as_ever() -> None:
    """Where unauthenticated calls are let through to us; a header of no worth is refused even with a good token."""
    trusting = authenticator(**BEHIND_APP_SERVICE)
    assert trusting.authenticate_token(bearer(), None, SETUP).name == PARTNER
    with pytest.raises(Unauthenticated):
        trusting.authenticate_token(bearer(), "forged", SETUP)


def test_each_caller_has_its_calls_per_minute() -> None:
    """429 with the seconds until the next one; another caller is not slowed, and nor is an administrator."""
    clock = Clock()
    busy = authenticator(clock, CALLS_PER_MINUTE="6")
    for _ in range(6):
        busy.authenticate_token(bearer(), None, SETUP)
    with pytest.raises(RequestRejected, match="6 calls in a minute") as caught:
        busy.authenticate_token(bearer(), None, SETUP)
    assert (caught.value.status, caught.value.retry_after) == (429, 10)
    busy.authenticate_token(bearer(appid=RELAY), None, SETUP)
    busy.authenticate_key(master=False, other="/")
    busy.authenticate_key(master=True, other="/")
    clock.time = 10.0
    busy.authenticate_token(bearer(), None, SETUP)
    with pytest.raises(RequestRejected):
        busy.authenticate_token(bearer(), None, SETUP)


def test_calls_that_are_refused_for_a_role_count_too() -> None:
    """Who may not call cannot call without end."""
    busy = authenticator(CALLS_PER_MINUTE="1")
    with pytest.raises(RequestRejected, match=ADMIN):
        busy.authenticate_token(bearer(), None, ADMIN)
    with pytest.raises(RequestRejected, match="calls in a minute"):
        busy.authenticate_token(bearer(), None, ADMIN)


def test_a_caller_that_was_away_has_one_minute_of_calls_and_not_more() -> None:
    """A bucket does not fill for ever."""
    clock, rate = Clock(), CallRateLimiter(lambda: clock.time)
    assert rate.wait("a", 60) == 0
    clock.time = 1e6
    assert [rate.wait("a", 60) for _ in range(61)] == [0] * 60 + [1.0]
