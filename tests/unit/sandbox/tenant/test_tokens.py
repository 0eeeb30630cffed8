"""The access tokens that Graph and Key Vault accept."""

from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.tenant.state import Client, Tenant
from sandbox.tenant.tokens import GRAPH, VAULT, Refused


@pytest.fixture
def tenant(tmp_path: Path) -> Tenant:
    """Return a tenant with one client."""
    made = Tenant("tenant-1", tmp_path)
    made.clients["client-1"] = Client("Client-1", {"Calendars.Read", "Place.Read.All"})
    return made


def bearer(tenant: Tenant, audience: str = GRAPH) -> str:
    """Return the header of a new token."""
    return f"Bearer {tenant.tokens.issue(tenant.clients['client-1'], audience)[0]}"


def refusal(tenant: Tenant, header: str | None, audience: str = GRAPH) -> str:
    """Return why a header is rejected."""
    with pytest.raises(Refused) as caught:
        tenant.tokens.check(header, audience)
    assert caught.value.code == "InvalidAuthenticationToken"
    return caught.value.text


def test_a_good_token_names_its_caller(tenant: Tenant) -> None:
    """The caller is the client, with its roles; the case of the scheme does not matter."""
    caller = tenant.tokens.check(bearer(tenant).replace("Bearer", "bearer"), GRAPH)
    assert caller.client_id == "Client-1"
    assert caller.roles == {"Calendars.Read", "Place.Read.All"}


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc"])
def test_no_bearer_token_is_refused(tenant: Tenant, header: str | None) -> None:
    """A missing, empty or different authorization counts as an empty token."""
    assert refusal(tenant, header) == "Access token is empty."


def test_an_expired_token_is_refused(tenant: Tenant) -> None:
    """A token expires after an hour of the tenant's clock."""
    header = bearer(tenant)
    tenant.clock.advance(3500)
    assert tenant.tokens.check(header, GRAPH)
    tenant.clock.advance(100)
    assert "expired" in refusal(tenant, header)


def test_the_lifetime_can_be_set(tenant: Tenant) -> None:
    """The setting tokenLifetimeSeconds is the token's lifetime."""
    tenant.settings["tokenLifetimeSeconds"] = 60
    header = bearer(tenant)
    tenant.clock.advance(61)
    assert "expired" in refusal(tenant, header)


def test_a_token_for_another_resource_is_refused(tenant: Tenant) -> None:
    """The vault rejects Graph's token, and Graph the vault's."""
    assert "Invalid audience" in refusal(tenant, bearer(tenant, GRAPH), VAULT)
    assert "Invalid audience" in refusal(tenant, bearer(tenant, VAULT), GRAPH)


def test_a_vault_takes_its_name_without_a_slash_only(tenant: Tenant) -> None:
    """Key Vault rejects an audience with a trailing slash; Graph accepts it."""
    assert tenant.tokens.check(bearer(tenant, VAULT), VAULT)
    assert "Invalid audience" in refusal(tenant, bearer(tenant, f"{VAULT}/"), VAULT)
    assert tenant.tokens.check(bearer(tenant, f"{GRAPH}/"), GRAPH)


def test_a_vault_token_carries_no_roles(tenant: Tenant) -> None:
    """Graph's application roles are only in Graph's tokens."""
    assert tenant.tokens.check(bearer(tenant, VAULT), VAULT).roles == frozenset()


def test_another_tenants_token_is_refused(tenant: Tenant, tmp_path: Path) -> None:
    """Although the same key signed it and the client's id is known."""
    other = Tenant("tenant-2", tmp_path)
    other.clients = tenant.clients
    assert "not of this tenant" in refusal(tenant, bearer(other))


def test_a_forged_signature_is_refused(tenant: Tenant) -> None:
    """Valid claims signed by another key are rejected."""
    claims = jwt.decode(bearer(tenant).split()[1], options={"verify_signature": False})
    forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "Signature" in refusal(tenant, f"Bearer {jwt.encode(claims, forger, algorithm='RS256')}")


@pytest.mark.parametrize("token", ["rubbish", "a.b.c"])
def test_a_malformed_token_is_refused(tenant: Tenant, token: str) -> None:
    """Text that is no JWT is rejected."""
    assert "CompactToken" in refusal(tenant, f"Bearer {token}")


@pytest.mark.parametrize(("algorithm", "key"), [("none", ""), ("HS256", "k" * 32)])
def test_an_unsafe_algorithm_is_refused(tenant: Tenant, algorithm: str, key: str) -> None:
    """Valid claims without the tenant's RSA signature are rejected."""
    claims = jwt.decode(bearer(tenant).split()[1], options={"verify_signature": False})
    assert "CompactToken" in refusal(tenant, f"Bearer {jwt.encode(claims, key, algorithm=algorithm)}")


def test_a_withdrawn_role_ends_immediately_and_a_new_role_needs_a_new_token(tenant: Tenant) -> None:
    """The roles are those that the token has and the client still has."""
    header = bearer(tenant)
    tenant.clients["client-1"].roles = {"Calendars.Read", "Bookings.Read.All"}
    assert tenant.tokens.check(header, GRAPH).roles == {"Calendars.Read"}
    assert tenant.tokens.check(bearer(tenant), GRAPH).roles == {"Calendars.Read", "Bookings.Read.All"}


def test_a_deleted_client_is_refused(tenant: Tenant) -> None:
    """The token of a deleted client is rejected."""
    header = bearer(tenant)
    tenant.clients.clear()
    assert "identity" in refusal(tenant, header)


def test_a_token_has_its_times(tenant: Tenant) -> None:
    """iat, nbf and exp follow the tenant's clock."""
    tenant.clock.advance(86400)
    claims = jwt.decode(bearer(tenant).split()[1], options={"verify_signature": False})
    assert claims["iat"] == claims["nbf"] == claims["exp"] - 3599
    assert claims["iat"] > datetime.now(UTC).timestamp() + 86000
