"""What MSAL and the libraries of Azure raise for a response that they cannot read.

They read responses of login, the identity endpoint and Key Vault without a check: an empty body raises ValueError, and
JSON of another shape AttributeError, KeyError or TypeError. DefaultAzureCredential translates these until its first
token, and passes them on afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

UNREADABLE = (ValueError, AttributeError, KeyError, TypeError)
UNREADABLE_ANSWER = "gives an unreadable answer"


class CheckedCredential:
    """A credential of azure-identity whose every error is an AzureError: callers catch nothing else."""

    def __init__(self, credential: Any) -> None:
        self._credential = credential

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token. Raises AzureError."""
        with _readable():
            token: AccessToken = self._credential.get_token(*scopes, **options)
            return token

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return a token with its type, as the clients of Azure prefer it. Raises AzureError."""
        with _readable():
            token: AccessTokenInfo = self._credential.get_token_info(*scopes, options=options)
            return token


@contextmanager
def _readable() -> Iterator[None]:
    """Raise ServiceResponseError for a response that cannot be read, without its text, which may hold a token."""
    try:
        yield
    except UNREADABLE:
        from azure.core.exceptions import ServiceResponseError

        raise ServiceResponseError(f"the identity endpoint {UNREADABLE_ANSWER}") from None
