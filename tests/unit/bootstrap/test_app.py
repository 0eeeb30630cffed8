"""The composition root builds each part lazily and once, and a part can be replaced."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from types import SimpleNamespace

import pytest

from shared.bootstrap.app import App
from shared.errors import ConfigurationError
from shared.http.resolver import AddressRefused, Resolver
from shared.key_vault import Secret
from shared.partner.webhook import NotDelivered

NOW = datetime(2026, 11, 20, tzinfo=UTC)
# Read by a call, not while a service is built.
EAGER = {"get_token", "resolver", "jwks", "watches_table", "ledger_table", "attempts_table", "pairs_table"}
SERVICES = [
    name
    for name in dir(App)
    if isinstance(getattr(App, name), cached_property) and name not in EAGER | {"_secret_client"}
]


class Vault:
    """A vault whose every secret has these versions."""

    def __init__(self, *values: str) -> None:
        self.versions = [Secret(value, f"v{number}", NOW) for number, value in enumerate(values)]
        self.reads: list[str] = []

    def latest_two(self, name: str) -> list[Secret]:
        """Return both."""
        self.reads.append(name)
        return self.versions

    def get(self, _name: str, *, fresh: bool = False) -> Secret:  # noqa: ARG002  (as the real one)
        """Return the newest."""
        return self.versions[0]

    def peek_latest_two(self, name: str) -> list[Secret] | None:
        """Return both, or None if there is none."""
        self.reads.append(name)
        return self.versions or None


@pytest.mark.parametrize("name", SERVICES)
def test_building_a_part_reads_no_setting(name: str) -> None:
    """Otherwise a broken setting would turn a message into a poison message, with all of its valid changes."""
    assert getattr(App({}), name) is not None


def test_a_missing_setting_is_named_by_the_call_that_needs_it() -> None:
    """The error comes from the call, not from building the part."""
    relay = App({})
    with pytest.raises(ConfigurationError, match="KEY_VAULT_URI"):
        relay.get_token()
    with pytest.raises(ConfigurationError, match="KEY_VAULT_URI"):
        relay.webhook.deliver("msg_1", "{}")
    broken = App({}, secrets=Vault("whsec_" + "A" * 43 + "="))
    with pytest.raises(ConfigurationError, match="PARTNER_WEBHOOK_URL"):
        broken.webhook.deliver("msg_1", "{}")
    with pytest.raises(ConfigurationError, match="CLIENT_ID"):
        broken.events.get("room1@contoso.com", "E")


def test_an_unknown_part_is_a_type_error() -> None:
    """Otherwise a test that misspells a part would use the real one."""
    with pytest.raises(TypeError, match="webhok"):
        App({}, webhok=None)


def test_a_missing_storage_setting_is_named_at_the_first_use() -> None:
    """Building the table opens no connection."""
    with pytest.raises(ConfigurationError, match="AzureWebJobsStorage"):
        App({}).watches.page(1)


def test_a_part_is_built_once() -> None:
    """Sessions, tokens and tables are shared."""
    relay = App({"PARTNER_WEBHOOK_URL": "https://partner.example"})
    assert relay.webhook is relay.webhook
    assert relay.workers is relay.workers


def test_private_addresses_are_refused_unless_a_setting_allows_them() -> None:
    """The same resolver checks the partner's address and the addresses that the partner sends."""
    given = {"PARTNER_WEBHOOK_URL": "https://partner.example"}
    with pytest.raises(AddressRefused):
        App(given).resolver.find("127.0.0.1", 443)
    private = App(given | {"ALLOW_PRIVATE_ADDRESSES": "true"}).resolver
    for address in ("127.0.0.1", "169.254.169.254", "168.63.129.16", "::1"):
        with pytest.raises(AddressRefused):
            private.find(address, 443)
    assert private.find("10.1.2.3", 443)
    assert App(given | {"ALLOW_LOOPBACK_ADDRESSES": "true"}).resolver.find("127.0.0.1", 443)


def test_the_partner_is_called_over_checked_connections() -> None:
    """The address is checked when the connection is opened."""
    elsewhere = Resolver(lookup=lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 443))])
    vault = SimpleNamespace(get=lambda _: Secret("whsec_" + "A" * 43 + "=", "v", NOW))
    relay = App({"PARTNER_WEBHOOK_URL": "https://partner.example"}, secrets=vault, resolver=elsewhere)
    with pytest.raises(NotDelivered, match="address is not public"):
        relay.webhook.deliver("msg_1", "{}")


def test_a_part_can_be_replaced_by_keyword() -> None:
    """Tests pass their fakes this way."""
    vault = Vault("a secret of the relay, of 40 characters", "an older secret of it")
    relay = App({"CLIENT_STATE_KEY_NAME": "my-key"}, secrets=vault)
    assert [key.version for key in relay.client_state_keys()] == ["v0", "v1"]
    assert vault.reads == ["my-key"]
    assert relay.client_state_keys.cached() == relay.client_state_keys()
    assert App({}, secrets=Vault()).client_state_keys.cached() is None


@pytest.mark.parametrize(
    "value", ["canary", "k" * 16, "k" * 32, "ab" * 32, "abcdefg" * 10, "a random key of thirty-one char"]
)
def test_a_key_that_can_be_guessed_is_named(value: str) -> None:
    """Too short, or few different characters. The error names the secret and does not quote its value."""
    keys = App({}, secrets=Vault(value)).client_state_keys
    for read in (keys, keys.cached):
        with pytest.raises(ConfigurationError, match="client-state-key") as caught:
            read()
        assert "canary" not in str(caught.value)


def test_a_mailbox_has_four_permits_in_a_process() -> None:
    """All users of a mailbox share its semaphore."""
    relay = App({})
    permits = relay.mailbox_limits.of("a")
    assert [permits.acquire(blocking=False) for _ in range(5)] == [True] * 4 + [False]
    assert relay.mailbox_limits.of("a") is permits
    assert relay.mailbox_limits.of("b") is not permits
