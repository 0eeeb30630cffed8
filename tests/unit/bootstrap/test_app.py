"""Claims about the one place that builds the parts: late, once, and replaceable."""

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
EAGER = {"get_token", "resolver", "jwks"}  # asked for by a call, not by what builds a service
SERVICES = [
    name
    for name in dir(App)
    if isinstance(getattr(App, name), cached_property) and name not in EAGER | {"_secret_client"}
]


class Vault:
    """Secrets of which two versions are known."""

    def __init__(self, *values: str) -> None:
        self.found = [Secret(value, f"v{number}", NOW) for number, value in enumerate(values)]
        self.asked: list[str] = []

    def latest_two(self, name: str) -> list[Secret]:
        """Return both."""
        self.asked.append(name)
        return self.found

    def get(self, _name: str, *, fresh: bool = False) -> Secret:  # noqa: ARG002  (as the real one)
        """Return the newest."""
        return self.found[0]

    def peek_latest_two(self, name: str) -> list[Secret] | None:
        """Return both, or None when there is none."""
        self.asked.append(name)
        return self.found or None


@pytest.mark.parametrize("name", SERVICES)
def test_building_a_part_reads_no_setting(name: str) -> None:
    """Where it did, the host would poison a message for a setting that is broken, with all of its good changes."""
    assert getattr(App({}), name) is not None


def test_what_needs_a_setting_names_it_when_it_works() -> None:
    """And not before."""
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


def test_a_name_that_is_no_part_is_refused() -> None:
    """A test that misspells one would go on with the real one."""
    with pytest.raises(TypeError, match="webhok"):
        App({}, webhok=None)


def test_storage_without_a_setting_names_it_at_its_first_use() -> None:
    """Making the table's object opens nothing."""
    with pytest.raises(ConfigurationError, match="AzureWebJobsStorage"):
        App({}).watches.page(1)


def test_a_part_is_built_once() -> None:
    """Sessions, tokens and tables are kept."""
    relay = App({"PARTNER_WEBHOOK_URL": "https://partner.example"})
    assert relay.webhook is relay.webhook
    assert relay.workers is relay.workers


def test_addresses_are_checked_unless_a_setting_says_otherwise() -> None:
    """One resolver for the partner and for the addresses that the partner names."""
    given = {"PARTNER_WEBHOOK_URL": "https://partner.example"}
    with pytest.raises(AddressRefused):
        App(given).resolver.find("127.0.0.1", 443)
    assert App(given | {"ALLOW_PRIVATE_ADDRESSES": "true"}).resolver.find("127.0.0.1", 443)


def test_the_partner_is_called_over_checked_connections() -> None:
    """Whatever its name leads to when it is called."""
    elsewhere = Resolver(lookup=lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 443))])
    vault = SimpleNamespace(get=lambda _: Secret("whsec_" + "A" * 43 + "=", "v", NOW))
    relay = App({"PARTNER_WEBHOOK_URL": "https://partner.example"}, secrets=vault, resolver=elsewhere)
    with pytest.raises(NotDelivered, match="address is not public"):
        relay.webhook.deliver("msg_1", "{}")


def test_another_part_can_be_passed_by_keyword() -> None:
    """That is how tests build one."""
    vault = Vault("a secret of the relay", "an older secret of it")
    relay = App({"CLIENT_STATE_KEY_NAME": "my-key"}, secrets=vault)
    assert [key.version for key in relay.client_state_keys()] == ["v0", "v1"]
    assert vault.asked == ["my-key"]
    assert relay.client_state_keys.cached() == relay.client_state_keys()
    assert App({}, secrets=Vault()).client_state_keys.cached() is None


def test_a_key_that_is_too_short_names_itself() -> None:
    """Its value is not shown."""
    keys = App({}, secrets=Vault("canary")).client_state_keys
    for read in (keys, keys.cached):
        with pytest.raises(ConfigurationError, match="client-state-key") as caught:
            read()
        assert "canary" not in str(caught.value)


def test_a_mailbox_has_four_places_in_a_process() -> None:
    """The same ones for everybody."""
    relay = App({})
    slots = relay.mailbox_limits.of("a")
    assert [slots.acquire(blocking=False) for _ in range(5)] == [True] * 4 + [False]
    assert relay.mailbox_limits.of("a") is slots
    assert relay.mailbox_limits.of("b") is not slots
