"""Which issuers and audiences the settings allow."""

from __future__ import annotations

import pytest

from shared.auth.claims import expected_of
from shared.config import Settings
from shared.errors import ConfigurationError
from tests.support.minting import EXPECTED, RELAY, TENANT

GIVEN = {"TENANT_ID": TENANT.upper(), "CLIENT_ID": RELAY}


def test_the_audience_is_the_relays_own_app() -> None:
    """The app id and its URI are audiences, and the issuers of both token versions are accepted."""
    assert expected_of(Settings.load(GIVEN)) == EXPECTED


def test_entra_audience_replaces_the_default_audiences() -> None:
    """ENTRA_AUDIENCE is for an API registered apart from the app that calls Graph."""
    named = Settings.load(GIVEN | {"ENTRA_AUDIENCE": "api://relay , https://relay.contoso.com,"})
    assert expected_of(named).audiences == ("api://relay", "https://relay.contoso.com")


@pytest.mark.parametrize(
    ("host", "v1"),
    [("https://login.microsoftonline.us", "https://sts.windows.net"),
     ("https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn")],
)  # fmt: skip
def test_national_clouds_have_issuers_of_their_own(host: str, v1: str) -> None:
    """Only the issuers of the cloud in AZURE_AUTHORITY_HOST are accepted."""
    expected = expected_of(Settings.load(GIVEN | {"AZURE_AUTHORITY_HOST": host}))
    assert expected.issuers == (f"{v1}/{TENANT}/", f"{host}/{TENANT}/v2.0")


@pytest.mark.parametrize("name", ["TENANT_ID", "CLIENT_ID"])
def test_a_missing_setting_is_named(name: str) -> None:
    """Without a value to compare with, every caller is rejected."""
    with pytest.raises(ConfigurationError, match=name):
        expected_of(Settings.load({key: value for key, value in GIVEN.items() if key != name}))
