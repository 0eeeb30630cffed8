"""An identity endpoint that answers without readable JSON is unavailable: with azure-identity itself, over loopback."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from shared.bootstrap.app import App
from shared.config import Settings
from shared.errors import ServiceUnavailable
from shared.token_errors import CheckedCredential
from tests.support import authority
from tests.support.scripted_server import answer, served

pytestmark = pytest.mark.server

UNREADABLE = {
    "nothing": b"", "a proxy's page": b"<html>", "a list": b"[]", "no text": b"\xff\xfe",
    "a time that is no number": b'{"access_token": "canary", "expires_on": "soon"}',
    "a time of another type": b'{"access_token": "canary", "expires_on": ["soon"]}',
}  # fmt: skip
CHALLENGE = 'WWW-Authenticate: Bearer authorization="https://localhost/t", resource="https://vault.azure.net"'


class Endpoint:
    """The identity endpoint: issues a token until `body` is set, and answers with that from then on."""

    body: bytes | None = None

    def __call__(self, client: socket.socket) -> None:
        """Answer a request."""
        token = {"access_token": "token", "expires_on": str(int(time.time()) + 86_400), "token_type": "Bearer"}
        body = json.dumps(token).encode() if self.body is None else self.body
        answer("200 OK", body, "Content-Type: application/json", "Connection: close")(client)


@pytest.fixture(params=list(UNREADABLE.values()), ids=list(UNREADABLE))
def app(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[App]:
    """Return an app whose identity has given a token once, and whose endpoint no longer answers readably.

    Azure's own translation ends with that token.
    """
    certificate = authority.authority().issue_cert("localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.roots(tmp_path))
    endpoint = Endpoint()
    challenging = answer("401 Unauthorized", b"{}", CHALLENGE, "Connection: close")
    with served(endpoint) as identity, served(challenging, authority.serving(certificate), "localhost") as vault:
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity.url)
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
        yield _app(vault.url.removesuffix("/webhook"), endpoint, request.param)


def _app(vault: str, endpoint: Endpoint, body: bytes) -> App:
    settings = Settings.load({"TENANT_ID": "t", "CLIENT_ID": "c", "GRAPH_CREDENTIAL": "managed-identity"})
    changes: dict[str, Any] = {"key_vault_uri": vault, "key_vault_verify_challenge": False}
    storage = {f"AzureWebJobsStorage__{name}ServiceUri": "https://localhost:1" for name in ("queue", "table")}
    app = App(storage, settings=settings.model_copy(update=changes))
    assert app.credential.get_token("https://other.example/.default").token == "token"
    endpoint.body = body
    return app


def test_graph_and_the_vault_are_unavailable(app: App) -> None:
    """A RelayError, so that a message goes back on the queue, and a call is answered 503."""
    with pytest.raises(ServiceUnavailable, match="managed identity") as caught:
        app.get_token()
    assert "canary" not in str(caught.value)
    with pytest.raises(ServiceUnavailable, match="Key Vault"):
        app.secrets.get("name")


def test_storage_is_unavailable(app: App) -> None:
    """Not misconfigured: its roles are not the cause."""
    with pytest.raises(ServiceUnavailable, match="storage"):
        app.storage.table("t")


def test_each_way_to_a_token_raises_an_error_of_azure(app: App) -> None:
    """The clients of Azure use either; no error quotes the answer."""
    credential = app.credential
    assert isinstance(credential, CheckedCredential)
    for get in (credential.get_token, credential.get_token_info):
        with pytest.raises(AzureError) as caught:
            get("https://vault.azure.net/.default")
        assert "canary" not in str(caught.value)
        assert caught.value.__suppress_context__
