"""The cache of Entra ID's signing keys: fetched rarely, by one thread at a time, and kept through an outage."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.auth.jwks import FAILED_SECONDS, UNKNOWN_SECONDS, JwksCache, keys_from
from shared.errors import ServiceUnavailable
from tests.support.minting import OTHER_TENANT, TENANT, jwk, key

HOUR, WEEK = 3_600.0, 7 * 24 * 3_600.0


class Login:
    """Serves the key set of Entra ID, fails while `away` is set, and counts the requests."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.away = False
        self.requests = 0
        self.time = 1000.0
        self.read = threading.Event()
        self.unblocked = threading.Event()
        self.unblocked.set()
        self.keys = JwksCache(self.fetch, TENANT, lambda: self.time)

    def fetch(self) -> Any:
        """Return the key set."""
        self.requests += 1
        self.unblocked.wait(10)
        self.read.set()
        if self.away:
            raise ServiceUnavailable("login")
        return {"keys": [jwk(name) for name in self.names]}

    def serves(self, name: str) -> bool:
        """Return whether the cache returns the right key for that name."""
        cached = self.keys(name)
        return cached is not None and cached.public_numbers() == key(name).public_key().public_numbers()


def test_keys_are_fetched_once_an_hour() -> None:
    """A caller whose key is cached does not wait for the fetch."""
    login = Login("one", "two")
    assert login.serves("one")
    login.time += HOUR - 1
    assert login.serves("two")
    assert login.requests == 1
    login.time, login.names = login.time + 1, ("two", "three")
    login.read.clear()
    login.unblocked.clear()
    assert login.serves("one")  # while the fetch hangs
    login.unblocked.set()
    assert login.read.wait(10)
    assert login.serves("three")
    assert login.requests == 2
    assert not login.serves("one")  # withdrawn by Entra ID


@pytest.mark.parametrize("seconds", [0, 1, 3599])
def test_a_new_key_is_fetched_immediately(seconds: float) -> None:
    """However recently the keys were read: login may begin to use a key at any time, and others after it."""
    login = Login("one")
    assert login.serves("one")
    login.time += seconds
    for number, name in enumerate(("two", "three"), start=2):
        login.names = (*login.names, name)
        assert login.serves(name)
        assert login.requests == number


def test_forged_key_ids_cost_a_single_fetch_in_half_a_minute() -> None:
    """The number of unknown key ids does not matter."""
    login = Login("one")
    assert login.serves("one")
    for second in range(300):
        login.time = 1000.0 + second
        assert [login.keys(f"{second}-{number}") for number in range(20)] == [None] * 20
    assert login.requests == 1 + 300 / UNKNOWN_SECONDS


def test_a_forged_key_id_delays_a_new_key_by_half_a_minute_at_most() -> None:
    """Until then the cache says that it has not asked for that key, and has asked for the forged one."""
    login = Login("one")
    assert login.serves("one")
    login.time += 100
    assert login.keys("forged") is None
    login.names, login.time = ("one", "two"), login.time + 10
    assert login.keys("two") is None
    assert login.keys.unread("two") == (UNKNOWN_SECONDS - 10, 10)
    assert login.keys.unread("forged") == (0, 10)
    login.time += UNKNOWN_SECONDS - 10
    assert login.serves("two")


def test_an_outage_does_not_lock_out_callers_with_cached_keys() -> None:
    """Cached keys stay valid; an unknown key is reported as an outage, not as an invalid token."""
    login = Login("one")
    assert login.serves("one")
    login.away = True
    for hours in range(0, 24 * 7, 6):
        login.time = 1000.0 + hours * 3600
        assert login.serves("one")
    login.time += UNKNOWN_SECONDS
    with pytest.raises(ServiceUnavailable):
        login.keys("two")
    login.away, login.names = False, ("one", "two")
    login.time += FAILED_SECONDS
    assert login.serves("two")


def test_cached_keys_end_after_a_week_without_a_good_reading() -> None:
    """Entra may have withdrawn them since. Then every token is an outage, until login lists the keys again."""
    login = Login("one")
    assert login.serves("one")
    login.away = True
    login.time += WEEK - 1
    assert login.serves("one")
    login.time += 1
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            login.keys("one")
    login.away = False
    login.time += FAILED_SECONDS
    assert login.serves("one")


def test_an_idle_process_reads_keys_of_a_week_ago_again_before_it_uses_them() -> None:
    """A key that was withdrawn meanwhile is unknown."""
    login = Login("one", "two")
    assert login.serves("one")
    login.names, login.time = ("two",), login.time + WEEK
    assert login.keys("one") is None
    assert login.serves("two")
    assert login.requests == 2


def test_a_failed_fetch_is_repeated_after_half_a_minute() -> None:
    """Not every call repeats it; before the first successful fetch no caller can be authenticated."""
    login = Login("one")
    login.away = True
    for _ in range(50):
        with pytest.raises(ServiceUnavailable):
            login.keys("one")
    assert login.requests == 1
    login.away = False
    login.time += FAILED_SECONDS
    assert login.serves("one")


def test_concurrent_first_calls_share_a_fetch() -> None:
    """Thirty-two first callers cost one fetch."""
    login = Login("one")
    login.unblocked.clear()
    with ThreadPoolExecutor(32) as callers:
        results = [callers.submit(login.serves, "one") for _ in range(32)]
        login.unblocked.set()
        assert all(result.result(180) for result in results)
    assert login.requests == 1


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": None}, {"keys": []}, {"keys": [1, None, {}]}])
def test_a_document_without_keys_counts_as_an_outage(document: Any) -> None:
    """A proxy's error page, for example, does not replace the cached keys."""
    with pytest.raises(ServiceUnavailable):
        keys_from(document, TENANT)


def test_only_signing_keys_of_this_tenant_are_used() -> None:
    """Only RSA keys for signatures of this issuer are used; invalid entries are skipped."""
    entries = [
        jwk("one"), jwk("two", issuer=f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        jwk("three", issuer="https://login.microsoftonline.com/{tenantid}/v2.0"),
        jwk("four", issuer=f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"), jwk("five", use="enc"),
        jwk("six", kty="EC"), jwk("seven", n="!"), {**jwk("eight"), "kid": 8}, {"kid": "nine", "kty": "RSA"},
        {"kid": "ten", "kty": "oct", "k": "c2VjcmV0"},
    ]  # fmt: skip
    assert keys_from({"keys": entries}, TENANT).keys() == {"one", "two", "three"}
