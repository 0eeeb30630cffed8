"""What Graph and Key Vault accept as an access token."""

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
    """Return why a header is refused."""
    with pytest.raises(Refused) as caught:
        tenant.tokens.check(header, audience)
    assert caught.value.code == "InvalidAuthenticationToken"
    return caught.value.text


def test_a_good_token_names_its_caller(tenant: Tenant) -> None:
    """The caller is the client, with its roles; the scheme's case does not matter."""
    caller = tenant.tokens.check(bearer(tenant).replace("Bearer", "bearer"), GRAPH)
    assert caller.client_id == "Client-1"
    assert caller.roles == {"Calendars.Read", "Place.Read.All"}


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc"])
def test_no_bearer_token_is_refused(tenant: Tenant, header: str | None) -> None:
    """A missing, empty or other authorization is an empty token."""
    assert refusal(tenant, header) == "Access token is empty."


def test_an_expired_token_is_refused(tenant: Tenant) -> None:
    """A token ends by the tenant's clock, after its hour."""
    header = bearer(tenant)
    tenant.clock.advance(3500)
    assert tenant.tokens.check(header, GRAPH)
    tenant.clock.advance(100)
    assert "expired" in refusal(tenant, header)


def test_the_lifetime_can_be_set(tenant: Tenant) -> None:
    """The setting tokenLifetimeSeconds is the token's life."""
    tenant.settings["tokenLifetimeSeconds"] = 60
    header = bearer(tenant)
    tenant.clock.advance(61)
    assert "expired" in refusal(tenant, header)


def test_a_token_for_another_resource_is_refused(tenant: Tenant) -> None:
    """Graph's token opens no vault, nor the vault's Graph."""
    assert "Invalid audience" in refusal(tenant, bearer(tenant, GRAPH), VAULT)
    assert "Invalid audience" in refusal(tenant, bearer(tenant, VAULT), GRAPH)


def test_a_vault_takes_its_name_without_a_slash_only(tenant: Tenant) -> None:
    """Key Vault refuses the audience with a slash at the end; Graph does not mind."""
    assert tenant.tokens.check(bearer(tenant, VAULT), VAULT)
    assert "Invalid audience" in refusal(tenant, bearer(tenant, f"{VAULT}/"), VAULT)
    assert tenant.tokens.check(bearer(tenant, f"{GRAPH}/"), GRAPH)


def test_a_vault_token_carries_no_roles(tenant: Tenant) -> None:
    """Graph's application roles are only in Graph's tokens."""
    assert tenant.tokens.check(bearer(tenant, VAULT), VAULT).roles == frozenset()


def test_another_tenants_token_is_refused(tenant: Tenant, tmp_path: Path) -> None:
    """A token of another tenant is refused, though the same key signed it and the client's id is known."""
    other = Tenant("tenant-2", tmp_path)
    other.clients = tenant.clients
    assert "not of this tenant" in refusal(tenant, bearer(other))


def test_a_forged_signature_is_refused(tenant: Tenant) -> None:
    """Good claims signed by another key are refused."""
    claims = jwt.decode(bearer(tenant).split()[1], options={"verify_signature": False})
    forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "Signature" in refusal(tenant, f"Bearer {jwt.encode(claims, forger, algorithm='RS256')}")


@pytest.mark.parametrize("token", ["rubbish", "a.b.c"])
def test_rubbish_is_refused(tenant: Tenant, token: str) -> None:
    """What is no JWT is refused."""
    assert "CompactToken" in refusal(tenant, f"Bearer {token}")


@pytest.mark.parametrize(("algorithm", "key"), [("none", ""), ("HS256", "k" * 32)])
def test_an_unsafe_algorithm_is_refused(tenant: Tenant, algorithm: str, key: str) -> None:
    """Good claims without our RSA signature are worth nothing."""
    claims = jwt.decode(bearer(tenant).split()[1], options={"verify_signature": False})
    assert "CompactToken" in refusal(tenant, f"Bearer {jwt.encode(claims, key, algorithm=algorithm)}")


def test_a_withdrawn_role_is_gone_at_once_and_a_new_one_needs_a_new_token(tenant: Tenant) -> None:
    """Roles are those that the token has and the client still has."""
    header = bearer(tenant)
    tenant.clients["client-1"].roles = {"Calendars.Read", "Bookings.Read.All"}
    assert tenant.tokens.check(header, GRAPH).roles == {"Calendars.Read"}
    assert tenant.tokens.check(bearer(tenant), GRAPH).roles == {"Calendars.Read", "Bookings.Read.All"}


def test_a_deleted_client_is_refused(tenant: Tenant) -> None:
    """The token of a client that is no more is refused."""
    header = bearer(tenant)
    tenant.clients.clear()
    assert "identity" in refusal(tenant, header)


def test_a_token_says_when_it_was_made(tenant: Tenant) -> None:
    """iat, nbf and exp follow the tenant's clock."""
    tenant.clock.advance(86400)
    claims = jwt.decode(bearer(tenant).split()[1], options={"verify_signature": False})
    assert claims["iat"] == claims["nbf"] == claims["exp"] - 3599
    assert claims["iat"] > datetime.now(UTC).timestamp() + 86000
