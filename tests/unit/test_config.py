"""A broken setting is named, and affects only the code that reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.config import Settings
from shared.errors import ConfigurationError

EXAMPLE = Path(__file__).parents[2] / "local.settings.json.example"
GOOD = {
    "TENANT_ID": "11111111-1111-1111-1111-111111111111", "CLIENT_ID": "22222222-2222-2222-2222-222222222222",
    "KEY_VAULT_URI": "https://vault.vault.azure.net", "PARTNER_WEBHOOK_URL": "https://partner.example/webhook",
    "PUBLIC_BASE_URL": "https://relay.example",
}  # fmt: skip
BROKEN = [
    ("GRAPH_CREDENTIAL", "password"), ("GRAPH_CREDENTIAL", "Client-Secret"), ("KEY_VAULT_URI", "http://vault.example"),
    ("KEY_VAULT_URI", "vault.example"), ("PARTNER_WEBHOOK_URL", "http://partner.example"),
    ("PARTNER_WEBHOOK_URL", "https://user:canary@partner.example"), ("PARTNER_WEBHOOK_URL", "https://"),
    ("PARTNER_WEBHOOK_URL", "https://["), ("PARTNER_WEBHOOK_URL", "https://partner.example/#x"),
    ("PARTNER_WEBHOOK_URL", "ftp://partner.example"), ("PUBLIC_BASE_URL", "relay.example"),
    ("ALLOW_PRIVATE_ADDRESSES", "perhaps"), ("PUBLIC_BASE_URL", "https://relay.example."),
    ("GRAPH_BASE_URL", "https://gr\u0430ph.microsoft.com/v1.0"), ("AZURE_AUTHORITY_HOST", "https://2130706433"),
    ("GRAPH_BASE_URL", "http://graph.microsoft.com/v1.0"), ("AZURE_AUTHORITY_HOST", "login.microsoftonline.com"),
    ("KEY_VAULT_VERIFY_CHALLENGE", "perhaps"), ("CUSTOMER_INVITATIONS", "perhaps"),
    ("SUBSCRIPTION_LIFETIME_MINUTES", "10081"),
    ("SUBSCRIPTION_LIFETIME_MINUTES", "59"), ("SUBSCRIPTION_LIFETIME_MINUTES", "a week"),
    ("RENEW_BEFORE_MINUTES", "0"), ("SETTLE_SECONDS", "-1"), ("SETTLE_SECONDS", "301"), ("SETTLE_SECONDS", "nan"),
    ("SETTLE_SECONDS", "inf"), ("WINDOW_PAST_DAYS", "-1"), ("WINDOW_FUTURE_DAYS", "0"), ("WINDOW_FUTURE_DAYS", "1.5"),
    ("EVENT_DETAIL", "everything"), ("EVENT_DETAIL", "minimal,location"), ("EVENT_DETAIL", "location;organizer"),
    ("EVENT_DETAIL", "body"), ("EVENT_DETAIL", "location,"), ("OUTGOING_ADDRESS", "20.50.2.0/31"),
    ("OUTGOING_ADDRESS", "canary.example"), ("INVITEES", "everybody"), ("INVITEES", "contoso.com"),
    ("INVITEES", "any,@contoso.com"), ("INVITEES", "@canary"), ("INVITEES", "@a.example;@b.example"),
    ("TENANT_ID", "@Microsoft.KeyVault(SecretUri=https://v.example/canary)"),
    ("ALLOWED_MAILBOXES", "@Microsoft.KeyVault(VaultName=v;SecretName=canary)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "address"),
    [("", ""), (" 20.50.2.1 ", "20.50.2.1"), ("2603:1020:0:0::1", "2603:1020::1")],
)
def test_the_outgoing_address_is_an_ip_address_or_empty(given: str, address: str) -> None:
    """In its usual spelling."""
    assert Settings.load(GOOD | {"OUTGOING_ADDRESS": given}).outgoing_address == address


def test_valid_settings_have_no_problems() -> None:
    """The five settings without a default are enough."""
    settings = Settings.load(GOOD)
    assert settings.problems == {}
    assert settings.graph_base_url == "https://graph.microsoft.com/v1.0"
    assert (settings.settle_seconds, settings.subscription_lifetime_minutes) == (10, 10_000)
    assert not settings.in_development


@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_a_broken_setting_is_named_alone(name: str, value: str) -> None:
    """Reading it raises an error with its name; all others can be read; no value is shown."""
    settings = Settings.load(GOOD | {name: value})
    assert list(settings.problems) == [name]
    with pytest.raises(ConfigurationError, match=name) as caught:
        getattr(settings, name.lower())
    assert caught.value.name == name
    assert "canary" not in str(caught.value) + str(settings.problems) + repr(settings)
    for other in set(Settings.model_fields) - {name.lower()}:
        getattr(settings, other)


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_setting_is_named_alone(name: str, value: str | None) -> None:
    """An empty value counts as unset: that is how the portal clears a setting."""
    given = GOOD | {name: value}
    settings = Settings.load({key: text for key, text in given.items() if text is not None})
    assert settings.problems == {name: "is not set"}
    with pytest.raises(ConfigurationError, match=f"{name}: is not set"):
        getattr(settings, name.lower())


def test_an_empty_environment_gives_problems() -> None:
    """There are five problems, and the defaults can still be read."""
    settings = Settings.load({})
    assert set(settings.problems) == set(GOOD)
    assert settings.features == "relay"


def test_two_broken_settings_are_both_named() -> None:
    """An administrator can correct them together."""
    settings = Settings.load(GOOD | {"SETTLE_SECONDS": "x", "TENANT_ID": ""})
    assert set(settings.problems) == {"SETTLE_SECONDS", "TENANT_ID"}


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - {key.lower() for key in GOOD}))
def test_an_empty_optional_setting_is_its_default(name: str) -> None:
    """A blank optional setting is unset, too."""
    assert getattr(Settings.load(GOOD | {name.upper(): " "}), name) == getattr(Settings.load(GOOD), name)


def test_the_relays_address_defaults_to_the_site() -> None:
    """In Azure WEBSITE_HOSTNAME has it."""
    bare = {name: value for name, value in GOOD.items() if name != "PUBLIC_BASE_URL"}
    site = {"WEBSITE_HOSTNAME": "x.azurewebsites.net"}
    assert Settings.load(bare | site).public_base_url == "https://x.azurewebsites.net"
    assert Settings.load(GOOD | site).public_base_url == "https://relay.example"


@pytest.mark.parametrize(
    ("environment", "sound"), [("Development", True), ("Production", False), ("development", False)]
)
def test_http_to_the_partner_is_for_local_development_only(environment: str, sound: bool) -> None:  # noqa: FBT001
    """Only the host's own spellings of the environment count."""
    given = {"AZURE_FUNCTIONS_ENVIRONMENT": environment, "PARTNER_WEBHOOK_URL": "http://partner.example:8080/webhook"}
    assert (Settings.load(GOOD | given).problems == {}) is sound


def test_other_addresses_stay_https_in_development() -> None:
    """Only the partner's URL may be http there."""
    given = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "GRAPH_BASE_URL": "http://localhost"}
    assert list(Settings.load(GOOD | given).problems) == ["GRAPH_BASE_URL"]


def test_the_relays_address_loses_its_trailing_slash() -> None:
    """Paths are appended to it."""
    settings = Settings.load(GOOD | {"PUBLIC_BASE_URL": "https://relay.example/"})
    assert settings.public_base_url == "https://relay.example"


@pytest.mark.parametrize("url", ["https://partner.example/webhook/", "https://partner.example/w?key=a/"])
def test_the_partners_address_is_used_unchanged(url: str) -> None:
    """Many frameworks redirect /webhook to /webhook/, and a redirect is a failure."""
    assert Settings.load(GOOD | {"PARTNER_WEBHOOK_URL": url}).partner_webhook_url == url


@pytest.mark.parametrize("url", ["https://partner.example:port", "https://partner.example:99999", "https://a b.com"])
def test_an_unusable_address_is_named(url: str) -> None:
    """The health check reports it, not the log of the third retry."""
    assert list(Settings.load(GOOD | {"PARTNER_WEBHOOK_URL": url}).problems) == ["PARTNER_WEBHOOK_URL"]


@pytest.mark.parametrize(
    "place",
    ["partner.example.", "pärtner.example", "partner\u3002example", "0x7f.1", "2130706433", "127.1", "0177.0.0.1",
     "[fe80::1%25a]", "partner.example:22", "partner.example:25", "partner.example:1023"],
)  # fmt: skip
def test_an_unusual_spelling_or_port_of_the_partner_is_rejected_at_start(place: str) -> None:
    """Also where private addresses are allowed: two libraries may read different hosts from it."""
    given = {"ALLOW_PRIVATE_ADDRESSES": "true", "PARTNER_WEBHOOK_URL": f"https://{place}/webhook"}
    assert list(Settings.load(GOOD | given).problems) == ["PARTNER_WEBHOOK_URL"]


@pytest.mark.parametrize(
    ("host", "private", "loopback"),
    [("10.1.2.3", True, False), ("172.16.0.1", True, False), ("192.168.1.1", True, False), ("100.64.1.1", True, False),
     ("[fd00::1]", True, False), ("partner", True, False), ("partner.lan", True, False), ("127.0.0.1", False, True),
     ("localhost", False, True), ("x.localhost", False, True), ("[::1]", False, True),
     ("169.254.169.254", False, False), ("168.63.129.16", False, False), ("[fe80::1]", False, False),
     ("[64:ff9b::a9fe:a9fe]", False, False), ("[::ffff:10.1.2.3]", False, False), ("0.0.0.0", False, False)],  # noqa: S104
)  # fmt: skip
def test_a_private_address_of_the_partner_must_be_allowed(host: str, private: bool, loopback: bool) -> None:  # noqa: FBT001
    """The problem names the setting for private networks. No setting allows link-local addresses or Azure's own."""
    given = GOOD | {"PARTNER_WEBHOOK_URL": f"https://{host}:8443/webhook"}
    assert "ALLOW_PRIVATE_ADDRESSES" in Settings.load(given).problems["PARTNER_WEBHOOK_URL"]
    assert (Settings.load(given | {"ALLOW_PRIVATE_ADDRESSES": "true"}).problems == {}) is private
    assert (Settings.load(given | {"ALLOW_LOOPBACK_ADDRESSES": "true"}).problems == {}) is loopback


def test_loopback_is_for_the_sandbox_alone() -> None:
    """In Azure the setting has no effect: the identity endpoint, too, listens on a port of the same computer."""
    given = GOOD | {"PARTNER_WEBHOOK_URL": "https://localhost:8443/w", "ALLOW_LOOPBACK_ADDRESSES": "true"}
    assert Settings.load(given | {"WEBSITE_HOSTNAME": "localhost:7071"}).problems == {}
    deployed = Settings.load(given | {"WEBSITE_HOSTNAME": "relay.azurewebsites.net"})
    assert list(deployed.problems) == ["PARTNER_WEBHOOK_URL"]
    assert list(deployed.ignored) == ["ALLOW_LOOPBACK_ADDRESSES"]


def test_the_example_lists_every_setting_and_no_other() -> None:
    """The settings of the model, and those that the host needs."""
    values = json.loads(EXAMPLE.read_text())["Values"]
    hosts_own = {"AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME", "PYTHON_THREADPOOL_THREAD_COUNT"}
    assert set(values) == {name.upper() for name in Settings.model_fields} | hosts_own


def test_the_example_loads_without_a_problem() -> None:
    """As it is, and with an administrator's real values."""
    values = json.loads(EXAMPLE.read_text())["Values"]
    assert Settings.load(values).problems == {}
    assert Settings.load(values | GOOD).problems == {}


def test_the_example_shows_the_defaults() -> None:
    """An unchanged example behaves as the documentation says."""
    values = json.loads(EXAMPLE.read_text())["Values"]
    shown, defaults = Settings.load(values), Settings.load(GOOD)
    own = {name.lower() for name in GOOD} | {"allowed_mailboxes", "azure_functions_environment"}
    for name in set(Settings.model_fields) - own:
        assert getattr(shown, name) == getattr(defaults, name), name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A ConfigurationError would hide a mistake in the code."""
    name = "no_such_setting"
    with pytest.raises(AttributeError):
        getattr(Settings.load(GOOD), name)


@pytest.mark.parametrize(
    ("value", "on", "sound"),
    [("", {"relay"}, True), (" Relay, CALENDARS,", {"relay", "calendars"}, True), ("bookings", {"bookings"}, True),
     ("calendar", {"calendar"}, False), ("@Microsoft.KeyVault(x)", set(), False)],
)  # fmt: skip
def test_an_unknown_feature_is_reported_and_ignored(value: str, on: set[str], sound: bool) -> None:  # noqa: FBT001
    """The other features are on."""
    settings = Settings.load(GOOD | {"FEATURES": value})
    assert settings.switched_on == on
    assert ("FEATURES" in settings.problems) is not sound


@pytest.mark.parametrize(
    ("value", "rule"),
    [("", "any"), (" Own-Domains", "own-domains"), ("NONE", "none"), ("any", "any"),
     (" Kari@Contoso.com, @fabrikam.com,", "kari@contoso.com,@fabrikam.com")],
)  # fmt: skip
def test_invitees_are_a_rule_or_a_list(value: str, rule: str) -> None:
    """In any letters."""
    assert Settings.load(GOOD | {"INVITEES": value}).invitees == rule


@pytest.mark.parametrize(
    ("value", "details"),
    [("", set()), ("minimal", set()), ("Minimal ", set()), ("location", {"location"}),
     (" attendees,LOCATION ,organizer", {"location", "organizer", "attendees"})],
)  # fmt: skip
def test_event_detail_is_a_list_of_names(value: str, details: set[str]) -> None:
    """In any order and case; only the named details are delivered."""
    assert Settings.load(GOOD | {"EVENT_DETAIL": value}).details == details
