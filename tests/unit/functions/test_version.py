"""GET /api/version: the short hash for anyone, version, commit and hash for a caller with a token."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions.version import version
from shared.auth.caller import READ
from shared.errors import ConfigurationError
from shared.package import Package
from shared.version import VERSION
from tests.support.minting import RELAY, TENANT, token
from tests.unit.functions.conftest import HostWorld, call, content_of

GRAPH = "https://graph.microsoft.com"
DIGITS = "1a2b3c4d" * 8


@pytest.fixture
def tenant(world: HostWorld) -> HostWorld:
    """Return a world that runs from a package, with the ids of the tests' tokens."""
    world.package = Package(DIGITS, "c0ffee")
    world.settings = world.settings.model_copy(update={"tenant_id": TENANT, "client_id": RELAY})
    return world


def test_an_anonymous_caller_gets_the_short_hash_only(tenant: HostWorld) -> None:
    """It identifies the package to those who have it, and says nothing to others. No cache keeps it."""
    answer = call(version, "GET")
    assert (answer.status_code, content_of(answer)) == (200, {"package": "1a2b3c4d"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_function_key_is_not_recognized_here(tenant: HostWorld) -> None:
    """The host checks no key of an anonymous route, so any text could be one."""
    answer = call(version, "GET", headers={"x-functions-key": "k", "X-MS-CLIENT-PRINCIPAL": "e30="})
    assert content_of(answer) == {"package": "1a2b3c4d"}


def test_a_caller_with_a_token_gets_version_commit_and_hash(tenant: HostWorld) -> None:
    """With the role Relay.Read, as for other reads."""
    answer = call(version, "GET", headers={"authorization": f"Bearer {token(roles=[READ])}"})
    assert content_of(answer) == {
        "package": "1a2b3c4d", "version": VERSION, "commit": "c0ffee", "packageHash": DIGITS
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "status"),
    [(lambda: "Bearer x", 401), (lambda: "Basic x", 401), (lambda: f"Bearer {token(aud=GRAPH, roles=[READ])}", 401),
     (lambda: f"Bearer {token(roles=[])}", 403)],
)  # fmt: skip
def test_a_token_that_is_sent_has_to_be_valid(tenant: HostWorld, header: Callable[[], str], status: int) -> None:
    """As on other routes: a caller whose token has expired must not take the short answer for all there is."""
    assert call(version, "GET", headers={"authorization": header()}).status_code == status


@pytest.mark.parametrize(("roles", "statuses"), [([READ], [200, 429]), ([], [403, 429])], ids=["with", "without"])
def test_a_caller_with_a_token_sees_its_rate_limit(tenant: HostWorld, roles: list[str], statuses: list[int]) -> None:
    """The calls count as others do; who sends no token has no limit of its own."""
    tenant.settings = tenant.settings.model_copy(update={"calls_per_minute": 1})
    headers = {"authorization": f"Bearer {token(roles=roles)}"}
    answers = [call(version, "GET", headers=headers) for _ in statuses]
    assert [answer.status_code for answer in answers] == statuses
    assert {answer.headers["RateLimit"] for answer in answers} == {'"calls";r=0;t=60'}
    assert "RateLimit" not in call(version, "GET").headers


def test_a_checkout_has_no_package(world: HostWorld) -> None:
    """The fields are null."""
    assert content_of(call(version, "GET")) == {"package": None}


def test_an_anonymous_call_needs_no_setting(world: HostWorld) -> None:
    """A deployment asks while the settings may still be wrong; nothing else is called."""
    world.settings = world.settings.model_construct()
    world.unreadable = ConfigurationError("CLIENT_STATE_KEY_NAME", "is not set")
    world.on_token = lambda: pytest.fail("no token is needed")
    assert call(version, "GET").status_code == 200
