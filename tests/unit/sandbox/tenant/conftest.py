"""Fixtures: a running tenant per test, its seed, and the certificates."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.certificates import make_certificates
from sandbox.tenant.seed import Seed, tenant_from
from tests.support.running_tenant import (
    CLIENT_ID,
    SECRET,
    TENANT_ID,
    USER_ASSIGNED,
    Pair,
    Running,
    make_pair,
    started,
)


@pytest.fixture(scope="session")
def certificate_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the CA and the server's certificate, created once."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Return the certificate that the seeded client has registered."""
    return make_pair(tmp_path_factory.mktemp("client") / "client.pem")


@pytest.fixture
def seed(pair: Pair) -> dict[str, Any]:
    """Return a seed with one client, both kinds of managed identity, and two secrets."""
    return {
        "tenantId": TENANT_ID,
        "identityHeader": "identity-header",
        "clients": [
            {
                "clientId": CLIENT_ID,
                "secrets": [SECRET],
                "certificates": [str(pair.path)],
                "roles": ["Calendars.Read"],
                "vault": True,
            }
        ],
        "managedIdentities": [
            {
                "clientId": None,
                "roles": ["Calendars.Read"],
                "vault": True,
                "exchangeRoles": {"Application Calendars.ReadWrite": None},
            },
            {"clientId": USER_ASSIGNED, "roles": ["Place.Read.All"]},
        ],
        "mailboxes": [{"address": "Room1@contoso.com", "displayName": "Room 1", "kind": "room"}],
        "secrets": {
            "client-state-key": ["oldest", "middle", "newest"],
            "dated": [{"value": "dated", "created": "2026-01-02T03:04:05Z"}],
        },
    }


@pytest.fixture
def running(seed: dict[str, Any], certificate_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Serve a tenant in a thread while the test runs; requests, as the Azure libraries use it, trusts its CA."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate_folder / "ca.pem"))
    tenant = tenant_from(Seed.model_validate(seed), certificate_folder)
    addresses, stop = started(tenant)
    try:
        with requests.Session() as session:
            # The CA alone, here as above: loading a bundle of all roots takes longer than most of these tests.
            session.trust_env, session.verify = False, str(certificate_folder / "ca.pem")
            yield Running(tenant, addresses, session)
    finally:
        stop()
