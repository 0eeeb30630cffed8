"""Access tokens: issued as in Entra, checked as in Graph and Key Vault.

Entra: Access token claims reference (v1.0: aud, iss, iat, nbf, exp, appid, tid, roles, ver; of a person: scp, wids).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt

from sandbox.tenant.administrator import AZURE_CLI, EVERY_MEMBER
from sandbox.tenant.app_roles import values_of
from sandbox.tenant.signing_keys import SigningKeys

if TYPE_CHECKING:  # state.py imports this module
    from sandbox.tenant.state import Client, Tenant

GRAPH = "https://graph.microsoft.com"
VAULT = "https://vault.azure.net"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
VAULT_APP_ID = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
LIFETIME_SECONDS = 3599


class Refused(Exception):
    """A token that a resource does not accept: `code` is Graph's error code, `text` the reason."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True)
class Caller:
    """The app of a valid token, its current roles in Entra, and its grants in Exchange.

    A person's token has no roles, but delegated permissions and the template ids of the person's Entra roles.
    """

    client_id: str
    roles: frozenset[str]
    exchange: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """See Client.exchange."""
    scopes: frozenset[str] = frozenset()
    directory_roles: frozenset[str] = frozenset()


def has_optional(api: "Client", name: str) -> bool:
    """Return whether an API's registration asks for an optional claim in its access tokens.

    Entra: Optional claims reference (idtyp: of app-only tokens; of people's tokens with include_user_token only).
    """
    listed = (api.optional_claims or {}).get("accessToken") or ()
    return any(claim.get("name") == name for claim in listed)


class Tokens:
    """Issues and checks the tenant's tokens."""

    def __init__(self, tenant: "Tenant") -> None:
        self._tenant = tenant
        self.keys = SigningKeys()

    @property
    def issuer(self) -> str:
        """The issuer of v1.0 tokens, which Graph and Key Vault still use."""
        return f"https://sts.windows.net/{self._tenant.tenant_id}/"

    def api(self, name: str) -> "Client | None":
        """Return the app whose API this is, by an application ID URI or its client id.

        None if it has no app roles, or this tenant has no service principal of it.
        """
        wanted = name.rstrip("/").lower()
        for client in self._tenant.clients.values():
            names = {client.client_id.lower(), *map(str.lower, client.identifier_uris)}
            if wanted in names and client.app_roles and client.principal_id:
                return client
        return None

    def resource(self, name: str) -> str | None:
        """Return the resource for a URI or app id, or None if the tenant has no such resource.

        The sandbox's own origin also means Graph, as the Graph endpoint of a national cloud is its own resource.
        """
        plain = name.rstrip("/")
        if plain in (GRAPH, GRAPH_APP_ID) or (plain and plain == self._tenant.url):
            return GRAPH
        if plain in (VAULT, VAULT_APP_ID):
            return VAULT
        if self._tenant.dataverse is not None and self._tenant.dataverse.serves(plain):
            return plain
        api = self.api(plain)
        return api.client_id if api else None

    def _accepts(self, audience: str, claimed: object) -> bool:
        """Return whether a resource accepts a token with this audience claim."""
        if audience == VAULT:
            # Key Vault, unlike Graph, rejects its own name with a trailing slash (AKV10022).
            return claimed in (VAULT, VAULT_APP_ID)
        return self.resource(str(claimed)) == audience

    def issue(self, client: "Client", audience: str) -> tuple[str, int]:
        """Return a signed token for a client and its lifetime in seconds, by the tenant's clock.

        The setting tokenLifetimeSeconds changes it, for runs that move the clock by days.
        """
        claims = self.claims(client, audience)
        return self.keys.sign(claims), claims["exp"] - claims["iat"]

    def claims(self, client: "Client", audience: str) -> dict[str, Any]:
        """Return a token's claims; the resource determines version 1.0 or 2.0.

        Entra: Access token claims reference.
        """
        claims = self._basic_claims(audience) | {
            "appid": client.client_id,
            "appidacr": "2" if client.certificates else "1",
            "oid": client.principal_id,
            "sub": client.principal_id,
        }
        api, roles = self.api(audience), client.roles
        if api is None or has_optional(api, "idtyp"):  # Microsoft's own resources ask for it
            claims["idtyp"] = "app"
        if api is not None:
            roles = client.assigned.get(api.client_id.lower(), set()) & values_of(api.app_roles)
        if api is not None and api.token_version == 2:
            claims |= {
                "aud": api.client_id,
                "iss": f"{self._tenant.url}/{self._tenant.tenant_id}/v2.0",
                "ver": "2.0",
                "azp": claims.pop("appid"),
                "azpacr": claims.pop("appidacr"),
            }
        if roles and (api is not None or self.resource(audience) == GRAPH):
            claims["roles"] = sorted(roles)
        return claims

    def of_administrator(self, audience: str) -> tuple[str, int]:
        """Return a signed token as the Azure CLI gets it for the administrator, and when it expires (Unix time)."""
        person = self._tenant.administrator
        scopes = person.scopes if self.resource(audience) == GRAPH else ("user_impersonation",)
        claims = self._basic_claims(audience) | {
            "appid": AZURE_CLI,
            "appidacr": "0",
            "idtyp": "user",
            "oid": person.object_id,
            "scp": " ".join(scopes),
            "upn": person.name,
            "wids": [*person.roles, EVERY_MEMBER],
        }
        return self.keys.sign(claims), claims["exp"]

    def _basic_claims(self, audience: str) -> dict[str, Any]:
        """Return the claims that every token of version 1.0 has."""
        lifetime = int(self._tenant.settings.get("tokenLifetimeSeconds", LIFETIME_SECONDS))
        now = int(self._tenant.clock.now().timestamp())
        return {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "tid": self._tenant.tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }

    def check(self, authorization_header: str | None, audience: str) -> Caller:
        """Return the caller of a request to the resource `audience` (GRAPH or VAULT).

        Raises Refused (InvalidAuthenticationToken) when the header is missing, or the token is not from this tenant,
        has expired by the tenant's clock, or is for another resource. A role that was since withdrawn is removed
        immediately: real tokens keep their roles until they expire, but tests should not wait an hour for that.
        """
        scheme, _, token = (authorization_header or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refused("InvalidAuthenticationToken", "Access token is empty.")
        claims = self._claims(token.strip())
        if not self._accepts(audience, claims["aud"]):
            text = f"Invalid audience. Expected {audience}, found: {claims['aud']}."
            raise Refused("InvalidAuthenticationToken", text)
        if "scp" in claims:
            granted = frozenset(claims["scp"].split())
            return Caller(claims["appid"], frozenset(), scopes=granted, directory_roles=frozenset(claims["wids"]))
        client = self._tenant.clients.get(str(claims["appid"]).lower())
        if client is None:
            text = "The identity of the calling application could not be established."
            raise Refused("InvalidAuthenticationToken", text)
        roles = frozenset(claims.get("roles", ())) & frozenset(client.roles)
        return Caller(client.client_id, roles, dict(client.exchange))

    def _claims(self, token: str) -> dict[str, Any]:
        """Return a token's claims. Raises Refused unless it has this login's signature and has not expired."""
        try:
            key = self.keys.verifying(jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=self.issuer,
                options={
                    "require": ["aud", "exp", "nbf", "appid"],
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidSignatureError as error:
            text = "Access token validation failure. Signature is invalid."
            raise Refused("InvalidAuthenticationToken", text) from error
        except jwt.InvalidTokenError as error:
            text = "CompactToken parsing failed or the token is not of this tenant."
            raise Refused("InvalidAuthenticationToken", text) from error
        now = self._tenant.clock.now().timestamp()
        if now >= claims["exp"]:
            raise Refused("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        return claims
