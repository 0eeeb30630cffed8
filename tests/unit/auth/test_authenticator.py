"""Authentication and authorization of callers, by key and by token."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from shared.auth.authenticator import Authenticator
from shared.auth.caller import ADMIN, READ, SETUP, Caller
from shared.auth.rate_limit import CallRateLimiter, Quota
from shared.config import Settings
from shared.errors import ConfigurationError, RequestRejected, ServiceUnavailable, Unauthenticated
from tests.support.minting import PARTNER, RELAY, TENANT, key_of, token

GIVEN = {"TENANT_ID": TENANT, "CLIENT_ID": RELAY}


class Clock:
    """A clock that moves only when a test sets it."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.time


def authenticator(clock: Callable[[], float] = lambda: 0.0, /, **settings: str) -> Authenticator:
    """Return an authenticator with these settings; Entra ID has two keys."""
    return Authenticator(Settings.load(GIVEN | settings), lambda: key_of, CallRateLimiter(clock))


def admitted(by: Authenticator, authorization: str, role: str) -> Caller:
    """Return the caller with a token, if it is admitted with a role."""
    caller = by.token_caller(authorization)
    by.admit(caller, role)
    return caller


def bearer(**changes: Any) -> str:
    """Return the header of a valid token with these changes."""
    return f"Bearer {token(**changes)}"


def test_a_function_key_grants_setup_and_the_master_key_everything() -> None:
    """The host has checked the key; the relay cannot see which function key it was."""
    key = authenticator().key_caller(master=False, other="/")
    assert (key.name, key.may(SETUP), key.may(READ), key.may(ADMIN)) == ("key", True, True, False)
    master = authenticator().key_caller(master=True, other="/")
    assert (master.name, master.may(ADMIN)) == ("master key", True)


@pytest.mark.parametrize("master", [False, True])
def test_keys_can_be_turned_off(master: bool) -> None:  # noqa: FBT001
    """With CALLER_KEYS=false a key is rejected with the route to call instead; tokens still work."""
    closed = authenticator(CALLER_KEYS="false")
    with pytest.raises(RequestRejected, match="Call /api/entra/x with a bearer token") as caught:
        closed.key_caller(master=master, other="/api/entra/x")
    assert caught.value.status == 403
    assert admitted(closed, bearer(), SETUP).name == PARTNER


def test_a_broken_setting_rejects_every_caller() -> None:
    """The error names the setting, since a value like "perhaps" might have meant off."""
    with pytest.raises(ConfigurationError, match="CALLER_KEYS"):
        authenticator(CALLER_KEYS="perhaps").key_caller(master=True, other="/")
    with pytest.raises(ConfigurationError, match="CALLS_PER_MINUTE"):
        admitted(authenticator(CALLS_PER_MINUTE="0"), bearer(), READ)


@pytest.mark.parametrize(("roles", "role"), [([], READ), ([READ], SETUP), ([SETUP], ADMIN), (["Relay.Owner"], READ)])
def test_a_missing_role_is_403_and_named(roles: list[str], role: str) -> None:
    """The error names the missing role, so that an administrator can assign it."""
    with pytest.raises(RequestRejected, match=role) as caught:
        admitted(authenticator(), bearer(roles=roles), role)
    assert caught.value.status == 403


def test_the_header_of_app_service_is_no_proof() -> None:
    """A call with that header alone is refused for a reason of its own, so that IT sees who relies on it."""
    for token_sent, reason in ((None, "principal"), ("", "principal"), ("Bearer x", "not a token")):
        with pytest.raises(Unauthenticated) as caught:
            authenticator().token_caller(token_sent, has_principal=True)
        assert caught.value.reason == reason
    assert authenticator().token_caller(bearer(), has_principal=True).name == PARTNER


def test_each_caller_has_its_calls_per_minute() -> None:
    """Above the limit a caller gets 429 with Retry-After; other apps and each kind of key have limits of their own."""
    clock = Clock()
    busy = authenticator(clock, CALLS_PER_MINUTE="6")
    for _ in range(6):
        admitted(busy, bearer(), SETUP)
    with pytest.raises(RequestRejected, match="6 calls per minute") as caught:
        admitted(busy, bearer(), SETUP)
    assert (caught.value.status, caught.value.retry_after) == (429, 10)
    admitted(busy, bearer(appid=RELAY), SETUP)
    for master in (False, True):
        busy.admit(busy.key_caller(master=master, other="/"), READ)
    clock.time = 10.0
    admitted(busy, bearer(), SETUP)
    with pytest.raises(RequestRejected):
        admitted(busy, bearer(), SETUP)


def test_a_caller_can_read_what_it_has_left() -> None:
    """Calls at once, and the seconds until there is another. A call for many mailboxes may leave less than none."""
    clock = Clock()
    busy = authenticator(clock, CALLS_PER_MINUTE="6")
    caller = admitted(busy, bearer(), SETUP)
    assert busy.quota(caller) == Quota(6, 5, 10)
    busy.charge(caller, 8)
    assert busy.quota(caller) == Quota(6, 0, 30)
    clock.time = 15.0
    assert busy.quota(caller) == busy.quota(caller) == Quota(6, 0, 15)
    with pytest.raises(RequestRejected) as caught:
        busy.admit(caller, SETUP)
    assert caught.value.retry_after == 15
    clock.time = 32.5
    assert busy.quota(caller) == Quota(6, 1, 8)
    clock.time = 1_000.0
    assert busy.quota(caller) == Quota(6, 6, 0)


def test_calls_rejected_for_a_missing_role_count_too() -> None:
    """A caller without the role cannot call without limit."""
    busy = authenticator(CALLS_PER_MINUTE="1")
    with pytest.raises(RequestRejected, match=ADMIN):
        admitted(busy, bearer(), ADMIN)
    with pytest.raises(RequestRejected, match="calls per minute"):
        admitted(busy, bearer(), ADMIN)


def test_an_idle_caller_saves_up_a_minute_of_calls_at_most() -> None:
    """The bucket holds the calls of one minute at most."""
    clock, rate = Clock(), CallRateLimiter(lambda: clock.time)
    assert rate.wait("a", 60) == 0
    clock.time = 1e6
    assert [rate.wait("a", 60) for _ in range(61)] == [0] * 60 + [1.0]


class Unread:
    """A login that has begun to use the key "three" after its keys were read, and can be asked in seven seconds."""

    def __init__(self, seconds: float = 7.0, since: float = 20.0) -> None:
        self.answer = seconds, since
        self.refusals: list[str] = []
        settings = Settings.load(GIVEN)
        self.authenticator = Authenticator(
            settings,
            lambda: key_of,
            CallRateLimiter(lambda: 0.0),
            self.refusals.append,
            unread_key=lambda _: self.answer,
        )

    def refused(self, **changes: Any) -> Exception:
        """Return the refusal of a token that is signed with that key."""
        with pytest.raises((Unauthenticated, ServiceUnavailable)) as caught:
            admitted(self.authenticator, bearer(signer="three", **changes), SETUP)
        return caught.value


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("age", [0, 300, 370])
def test_a_new_token_with_a_key_that_was_not_read_yet_can_be_repeated(version: int, age: int) -> None:
    """Entra sets its date back by five minutes. The caller did nothing wrong; the refusal is counted all the same."""
    login = Unread()
    error = login.refused(version=version, iat=int(time.time()) - age)
    assert isinstance(error, ServiceUnavailable)
    assert error.retry_after == 7
    assert login.refusals == ["unknown key"]


@pytest.mark.parametrize(
    "changes",
    [{"iss": "https://login.example"}, {"aud": "api://other"}, {"iat": None}, {"exp": None}, {"iat": "x"}, {"exp": []},
     {"iat": 1}, {"iat": 4_000_000_000}, {"exp": 1}],
    ids=str,
)  # fmt: skip
def test_a_token_that_cannot_be_valid_is_no_reason_to_wait(changes: dict[str, Any]) -> None:
    """A stranger who invents key ids gets 401 for a token of another tenant or app, or one that is old."""
    login = Unread()
    assert isinstance(login.refused(**changes), Unauthenticated)
    assert login.refusals == ["unknown key"]


def test_a_key_that_login_does_not_have_is_401() -> None:
    """It was asked for this very key."""
    assert isinstance(Unread(seconds=0).refused(), Unauthenticated)
