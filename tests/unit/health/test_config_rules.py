"""Settings that have no effect, or weaken a deployed app, are said in health and by the doctor."""

from __future__ import annotations

from typing import Any

import pytest

from shared.doctor.finding import Finding
from shared.doctor.setup import SetupChecks
from shared.health.checks import Check, is_up
from shared.health.config_rules import unsuitable
from tests.support.world import World
from tests.unit.health.conftest import HealthWorld

SITE = {"WEBSITE_HOSTNAME": "relay.azurewebsites.net"}
SANDBOX = {"WEBSITE_HOSTNAME": "localhost:7071"}
WEAK = [
    ("KEY_VAULT_VERIFY_CHALLENGE", "false"), ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
    ("AZURE_AUTHORITY_HOST", "https://login.example"), ("ALLOW_LOOPBACK_ADDRESSES", "true"),
    ("GRAPH_BASE_URL", "https://graph.example/v1.0"), ("GRAPH_BASE_URL", "https://graph.microsoft.com.evil.example"),
    ("KEY_VAULT_URI", "https://vault.example"), ("KEY_VAULT_URI", "https://vault.azure.net.evil.example"),
]  # fmt: skip


def check(**settings: str) -> Check:
    """Return the result of the check of the settings."""
    return HealthWorld(World(**settings)).checks.run("settings")


def finding(**settings: str) -> Finding:
    """Return the doctor's finding about the settings, which uses nothing else."""
    unused: Any = None
    [found] = SetupChecks(World(**settings).settings, unused, unused, unused, unused).check_settings()
    return found


@pytest.mark.parametrize(("name", "value"), WEAK)
def test_a_setting_for_development_is_said_of_a_deployed_app(name: str, value: str) -> None:
    """The relay works meanwhile. Locally, and where Core Tools names a port of localhost, it is as it should be."""
    weak = check(**SITE, **{name: value})
    assert (weak.ok, weak.is_down, name in weak.text) == (False, False, True)
    assert is_up([weak])
    said = finding(**SITE, **{name: value})
    assert (said.ok, name in said.detail) == (False, True)
    for elsewhere in ({}, SANDBOX):
        assert check(**elsewhere, **{name: value}).text == "ok"
        assert finding(**elsewhere, **{name: value}).ok


@pytest.mark.parametrize(
    ("login", "graph", "vault"),
    [
        ("login.microsoftonline.us", "graph.microsoft.us", "v.vault.usgovcloudapi.net"),
        ("login.microsoftonline.us", "dod-graph.microsoft.us", "v.vault.usgovcloudapi.net"),
        ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "v.vault.azure.cn"),
    ],
)
def test_national_clouds_are_microsofts(login: str, graph: str, vault: str) -> None:
    """Their addresses are said nowhere."""
    clouds = {"AZURE_AUTHORITY_HOST": login, "GRAPH_BASE_URL": graph, "KEY_VAULT_URI": vault}
    assert check(**SITE, **{name: f"https://{host}" for name, host in clouds.items()}).text == "ok"


@pytest.mark.parametrize("value", ["true", "1", "yes", "perhaps"])
def test_trust_in_app_services_header_is_ignored_and_said(value: str) -> None:
    """With App Service authentication or without, and locally, too."""
    for given in ({}, SITE, {"WEBSITE_AUTH_ENABLED": "True"}):
        settings = World(**given, TRUST_APP_SERVICE_AUTH=value).settings
        assert settings.problems == {}
        [text] = unsuitable(settings)
        assert text.startswith("TRUST_APP_SERVICE_AUTH has no effect")
    assert check(TRUST_APP_SERVICE_AUTH="false").text == "ok"
    assert not check(TRUST_APP_SERVICE_AUTH=value).ok


def test_a_broken_setting_is_said_once() -> None:
    """The problem of a setting that cannot be read is the only text about it."""
    weak = check(**SITE, KEY_VAULT_VERIFY_CHALLENGE="perhaps", AZURE_AUTHORITY_HOST="x")
    assert weak.text.count("KEY_VAULT_VERIFY_CHALLENGE") == weak.text.count("AZURE_AUTHORITY_HOST") == 1
    assert weak.is_down


@pytest.mark.parametrize("domain", ["contoso.onmicrosoft.com", "Contoso.OnMicrosoft.us"])
def test_a_domain_of_the_whole_tenant_is_said(domain: str) -> None:
    """By health and by the doctor; the relay is up. A whole address in it is none of these."""
    result = check(ALLOWED_MAILBOXES=f"@contoso.com, @{domain}")
    assert (result.ok, is_up([result]), f"@{domain.lower()}: each mailbox" in result.text) == (False, True, True)
    assert finding(ALLOWED_MAILBOXES=f"@{domain}").remedy
    assert check(ALLOWED_MAILBOXES=f"@contoso.com, room1@{domain}").ok


@pytest.mark.parametrize("value", ["", "any"])
def test_invitations_without_a_limit_are_said(value: str) -> None:
    """By health and by the doctor, while the feature calendars is on; the relay is up."""
    result = check(INVITEES=value, FEATURES="relay,calendars")
    assert (result.ok, is_up([result]), "INVITEES is any" in result.text) == (False, True, True)
    assert finding(INVITEES=value, FEATURES="calendars").remedy
    for rule in ("none", "own-domains", "@fabrikam.com"):
        assert check(INVITEES=rule, FEATURES="relay,calendars").ok
    assert check(INVITEES=value, FEATURES="relay,scheduling,bookings").ok
