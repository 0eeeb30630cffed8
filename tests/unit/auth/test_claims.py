"""Claims about which tokens are for us, by the settings."""

from __future__ import annotations

import pytest

from shared.auth.claims import expected_of
from shared.config import Settings
from shared.errors import ConfigurationError
from tests.support.minting import EXPECTED, RELAY, TENANT

GIVEN = {"TENANT_ID": TENANT.upper(), "CLIENT_ID": RELAY}


def test_the_audience_is_the_relays_own_app() -> None:
    """By both of its names; two issuers, as tokens are of two versions."""
    assert expected_of(Settings.load(GIVEN)) == EXPECTED


def test_another_audience_takes_their_place() -> None:
    """For an API that is registered apart from the app that calls Graph."""
    named = Settings.load(GIVEN | {"ENTRA_AUDIENCE": "api://relay , https://relay.contoso.com,"})
    assert expected_of(named).audiences == ("api://relay", "https://relay.contoso.com")


@pytest.mark.parametrize(
    ("host", "v1"),
    [("https://login.microsoftonline.us", "https://sts.windows.net"),
     ("https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn")],
)  # fmt: skip
def test_national_clouds_have_issuers_of_their_own(host: str, v1: str) -> None:
    """The public cloud's login is none of them."""
    found = expected_of(Settings.load(GIVEN | {"AZURE_AUTHORITY_HOST": host}))
    assert found.issuers == (f"{v1}/{TENANT}/", f"{host}/{TENANT}/v2.0")


@pytest.mark.parametrize("name", ["TENANT_ID", "CLIENT_ID"])
def test_a_missing_setting_names_itself(name: str) -> None:
    """Nobody is let in for want of something to compare with."""
    with pytest.raises(ConfigurationError, match=name):
        expected_of(Settings.load({key: value for key, value in GIVEN.items() if key != name}))
