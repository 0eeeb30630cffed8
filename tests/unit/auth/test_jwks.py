"""Claims about login's keys: read seldom, by one at a time, and served while login is away."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.auth.jwks import (
    FAILED_SECONDS,
    KEEP_SECONDS,
    UNKNOWN_SECONDS,
    JwksCache,
    keys_from,
)
from shared.errors import ServiceUnavailable
from tests.support.minting import OTHER_TENANT, TENANT, jwk, key


class Login:
    """Serves keys, or is away; counts how often it is asked."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.away = False
        self.asked = 0
        self.time = 1000.0
        self.read = threading.Event()
        self.breaker = threading.Event()
        self.breaker.set()
        self.keys = JwksCache(self.fetch, TENANT, lambda: self.time)

    def fetch(self) -> Any:
        """Answer the key set."""
        self.asked += 1
        self.breaker.wait(10)
        self.read.set()
        if self.away:
            raise ServiceUnavailable("login")
        return {"keys": [jwk(name) for name in self.names]}

    def knows(self, name: str) -> bool:
        """Return whether the key of that name is handed out, and is the right one."""
        found = self.keys(name)
        return found is not None and found.public_numbers() == key(name).public_key().public_numbers()


def test_keys_are_read_once_a_day() -> None:
    """And a caller whose key is known does not wait for that."""
    login = Login("one", "two")
    assert login.knows("one")
    login.time += KEEP_SECONDS - 1
    assert login.knows("two")
    assert login.asked == 1
    login.time, login.names = login.time + 1, ("two", "three")
    login.read.clear()
    login.breaker.clear()
    assert login.knows("one")  # while the reading hangs
    login.breaker.set()
    assert login.read.wait(10)
    assert login.knows("three")
    assert login.asked == 2
    assert not login.knows("one")  # taken back by login


def test_a_new_key_is_found_at_once() -> None:
    """The first token of a new key makes us read, if the last reading is five minutes old."""
    login = Login("one")
    assert login.knows("one")
    login.names, login.time = ("one", "two"), login.time + UNKNOWN_SECONDS
    assert login.knows("two")
    assert login.asked == 2


def test_made_up_key_ids_cost_one_reading_in_five_minutes() -> None:
    """However many come."""
    login = Login("one")
    for second in range(300):
        login.time = 1000.0 + second
        assert [login.keys(f"{second}-{number}") for number in range(20)] == [None] * 20
    assert login.asked == 1
    login.time = 1000.0 + 300
    assert login.keys("another") is None
    assert login.asked == 2


def test_an_outage_locks_no_known_caller_out() -> None:
    """For as long as it lasts; who could not be looked up hears of the outage, not that the token is bad."""
    login = Login("one")
    assert login.knows("one")
    login.away = True
    for hours in range(0, 24 * 7, 6):
        login.time = 1000.0 + hours * 3600
        assert login.knows("one")
    login.time += UNKNOWN_SECONDS
    with pytest.raises(ServiceUnavailable):
        login.keys("two")
    login.away, login.names = False, ("one", "two")
    login.time += FAILED_SECONDS
    assert login.knows("two")


def test_while_login_is_away_it_is_asked_every_half_minute() -> None:
    """Not by every call; before the first reading, nobody can be recognized."""
    login = Login("one")
    login.away = True
    for _ in range(50):
        with pytest.raises(ServiceUnavailable):
            login.keys("one")
    assert login.asked == 1
    login.away = False
    login.time += FAILED_SECONDS
    assert login.knows("one")


def test_one_reads_and_the_others_wait_for_it() -> None:
    """Thirty-two first callers cost one reading."""
    login = Login("one")
    login.breaker.clear()
    with ThreadPoolExecutor(32) as callers:
        found = [callers.submit(login.knows, "one") for _ in range(32)]
        login.breaker.set()
        assert all(one.result(10) for one in found)
    assert login.asked == 1


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": None}, {"keys": []}, {"keys": [1, None, {}]}])
def test_what_holds_no_keys_replaces_none(document: Any) -> None:
    """A page of a proxy, say, is an outage."""
    with pytest.raises(ServiceUnavailable):
        keys_from(document, TENANT)


def test_only_keys_that_sign_for_this_tenant_are_taken() -> None:
    """RSA, for signatures, and not of another issuer; what is broken is left out."""
    entries = [
        jwk("one"), jwk("two", issuer=f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        jwk("three", issuer="https://login.microsoftonline.com/{tenantid}/v2.0"),
        jwk("four", issuer=f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"), jwk("five", use="enc"),
        jwk("six", kty="EC"), jwk("seven", n="!"), {**jwk("eight"), "kid": 8}, {"kid": "nine", "kty": "RSA"},
        {"kid": "ten", "kty": "oct", "k": "c2VjcmV0"},
    ]  # fmt: skip
    assert keys_from({"keys": entries}, TENANT).keys() == {"one", "two", "three"}
