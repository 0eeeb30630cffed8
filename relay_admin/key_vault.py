"""A client for the secrets of Key Vault, with the administrator's own sign-in. No error text contains a value.

Based on "Azure Key Vault REST API error codes". Required role on the vault: Key Vault Secrets Officer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from relay_admin.client import USER_AGENT
from relay_admin.errors import CommandError, Refused, Unreachable, UsageError
from relay_admin.sign_in import default_credential

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.keyvault.secrets import SecretClient, SecretProperties

# "Azure Key Vault: national clouds", by the host of AZURE_AUTHORITY_HOST
_DOMAINS = {"login.microsoftonline.us": "vault.usgovcloudapi.net", "login.partner.microsoftonline.cn": "vault.azure.cn"}
_LOCAL = ("localhost", "127.0.0.1", "::1")  # the sandbox
_NETWORK = "Work from its network, or admit your address for a while (docs/deployment.md, Open the vault)."
_ROLE = (
    "Assign the role Key Vault Secrets Officer on this vault to yourself (docs/deployment.md, Open the vault), and "
    "wait some minutes."
)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a secret, without its value."""

    id: str
    created: datetime


class Vault:
    """The secrets of the vault at `client`. Every call raises Refused or Unreachable."""

    def __init__(self, client: SecretClient) -> None:
        self._client = client

    @property
    def name(self) -> str:
        """The vault's name."""
        return (urlsplit(self.url).hostname or "").partition(".")[0]

    @property
    def url(self) -> str:
        """The vault's address."""
        return self._client.vault_url

    def versions(self, name: str) -> list[Version]:
        """Return the enabled versions of a secret, newest first. Raises Refused if there is none, enabled or not."""
        with _translated(name, self.name):
            listed = list(self._client.list_properties_of_secret_versions(name))
        if not listed:
            raise _missing(name, self.name)
        enabled = [_version(each) for each in listed if each.enabled]
        return sorted(enabled, key=lambda version: version.created, reverse=True)

    def value(self, name: str) -> str:
        """Return the value of the newest version."""
        with _translated(name, self.name):
            return self._client.get_secret(name).value or ""

    def add(self, name: str, value: str) -> Version:
        """Add a version without a contentType, and return it."""
        with _translated(name, self.name):
            return _version(self._client.set_secret(name, value).properties)


def vault_at(given: str | None) -> Vault:
    """Return the vault by its name or URL, or by RELAY_VAULT_NAME. Raises UsageError."""
    from azure.keyvault.secrets import SecretClient

    url = _url(given or os.environ.get("RELAY_VAULT_NAME", ""))
    is_local = urlsplit(url).hostname in _LOCAL
    # retry_total: a write that is repeated because its response was lost would add two versions.
    client = SecretClient(
        url, default_credential(), verify_challenge_resource=not is_local, retry_total=0, read_timeout=30,
        user_agent=USER_AGENT,
    )  # fmt: skip
    return Vault(client)


def _url(given: str) -> str:
    """Return the vault's URL. Raises UsageError unless it is a vault's name or https."""
    if re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]", given):
        login = os.environ.get("AZURE_AUTHORITY_HOST", "").removeprefix("https://").rstrip("/").lower()
        return f"https://{given}.{_DOMAINS.get(login, 'vault.azure.net')}"
    try:
        parts = urlsplit(given)
        is_valid = parts.scheme == "https" and parts.hostname and parts.port != 0 and parts.path in ("", "/")
    except ValueError:
        is_valid = False
    if not is_valid or parts.username or parts.query or parts.fragment:
        text = "Give --vault NAME or its URL, or RELAY_VAULT_NAME: azd env get-value RELAY_VAULT_NAME."
        raise UsageError("The vault is missing or invalid" if given else "No vault was given", text)
    return given.rstrip("/")


def _version(properties: SecretProperties) -> Version:
    return Version(properties.version or "", properties.created_on or datetime.now(UTC))


def _missing(name: str, vault: str) -> Refused:
    recover = f"az keyvault secret recover --vault-name {vault} --name {name}"
    text = f"Check the vault's name. If it was deleted: {recover}. Otherwise deploy infra/main.bicep, which creates it."
    return Refused(f"The vault has no secret {name}", text, 404)


@contextmanager
def _translated(name: str, vault: str) -> Iterator[None]:
    """Translate the SDK's exceptions, without their texts, which may quote requests."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        yield
    except ClientAuthenticationError as error:
        number = re.search(r"AADSTS\d+", str(error))
        raise Refused(
            f"The vault accepts no sign-in ({number.group() if number else type(error).__name__})",
            "Sign in to the vault's tenant with az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
            "AZURE_CLIENT_SECRET.",
        ) from None
    except HttpResponseError as error:
        raise _refusal(name, vault, error) from None
    except ValueError:  # "Authentication, requests and responses": the challenge is not of this host's domain
        text = "Check the name or the URL: --vault or RELAY_VAULT_NAME."
        raise Unreachable(f"The server at the address of {vault} is not a vault", text) from None
    except AzureError as error:
        raise Unreachable(
            f"The vault {vault} does not answer ({type(error).__name__})",
            "Check its name, and that this computer can reach it: name, network, proxy (HTTPS_PROXY), certificates "
            "(REQUESTS_CA_BUNDLE). If a version was to be written, look whether it was before you repeat it.",
        ) from None


def _refusal(name: str, vault: str, error: HttpResponseError) -> CommandError:
    status, content = error.status_code, error.error
    inner = ((content.innererror if content is not None else None) or {}).get("code", "")
    if status == 404:
        return _missing(name, vault)
    known = {
        "SecretDisabled": (
            f"The newest version of {name} is disabled", "Enable it, or replace it without reading it: --at-once."
        ),
        "ObjectIsDeletedButRecoverable": (
            f"{name} is deleted but recoverable",
            f"Recover it, then repeat: az keyvault secret recover --vault-name {vault} --name {name}",
        ),
        "ForbiddenByFirewall": (f"The firewall of the vault {vault} denies access", _NETWORK),
        "ForbiddenByConnection": (f"The vault {vault} denies access from the internet", _NETWORK),
        "ForbiddenByPolicy": (
            f"A policy of the vault {vault} refuses the version",
            "Ask who owns your organization's Azure Policy: it may want an expiration date for each secret.",
        ),
    }  # fmt: skip
    if inner in known:
        return Refused(*known[inner], status)
    if status in (401, 403):
        return Refused(f"The vault {vault} denies access", _ROLE, status)
    return Refused(f"The vault {vault} refuses the request ({inner or status})", "Try again in some minutes.", status)
