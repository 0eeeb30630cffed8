"""Every outgoing call names the product and its version in the header User-Agent: real requests to this machine."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from relay_admin.client import RelayClient
from relay_admin.dynamics.session import DynamicsSession
from relay_admin.entra.graph import GraphSession
from relay_admin.entra.sign_in import CliToken
from relay_admin.errors import CommandError
from relay_admin.key_vault import vault_at
from relay_admin.sign_in import ByKey, default_credential
from shared.auth.jwks import fetch_keys
from shared.bootstrap.app import App
from shared.config import Settings
from shared.errors import RelayError
from shared.graph.client import graph_session
from shared.graph.handshake_check import HandshakeCheck
from shared.http.session import session_for
from shared.key_vault import Secret
from shared.storage.connection import StorageAccount
from shared.version import VERSION
from tests.architecture.trees import tree_of
from tests.support import authority
from tests.support.scripted_server import Scripted, answer, served

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[3]
SCOPE, SIGNING_SECRET = "https://graph.microsoft.com/.default", "whsec_" + "A" * 43 + "="
KEY = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint={0};TableEndpoint={0}"


class Identity:
    """A credential with a token."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        """Return a token."""
        return AccessToken("token", int(time.time()) + 3600)


class Signing:
    """A vault with a signing secret."""

    def get(self, _: str, *, fresh: bool = False) -> Secret:  # noqa: ARG002  (as the real one)
        """Return it."""
        return Secret(SIGNING_SECRET, "v1", datetime.now(UTC))

    def peek(self, _: str) -> None:
        """Return that nothing is cached."""


def app(**changes: Any) -> App:
    """Return an app with these settings as they are, because addresses of this machine are not valid ones."""
    settings = Settings.load({"TENANT_ID": "t", "CLIENT_ID": "c", "ALLOW_LOOPBACK_ADDRESSES": "true"})
    return App({}, settings=settings.model_copy(update=changes))


def _vault(url: str) -> None:
    relay = app(key_vault_uri=url, key_vault_verify_challenge=False)
    App({}, settings=relay.settings, credential=Identity()).secrets.get("name")


def _partner(url: str) -> None:
    settings = app(partner_webhook_url=url).settings
    App({}, settings=settings, secrets=Signing()).webhook.deliver("msg_1", "{}")


def _msal(url: str) -> None:
    App({}, settings=app(azure_authority_host=url).settings, secrets=Signing()).get_token()


def _storage(url: str) -> StorageAccount:
    settings = {f"AzureWebJobsStorage__{service}ServiceUri": url for service in ("queue", "table")}
    return StorageAccount(settings, Identity)


# Each client of the relay: what calls the address, with TLS where the client insists on it.
RELAY: dict[str, Callable[[str], object]] = {
    "Graph": lambda url: graph_session(url).get(url),
    "login, MSAL": _msal,
    "login, signing keys": lambda url: fetch_keys(session_for(url), url),
    "the relay's own address": lambda url: HandshakeCheck(url, session_for(url)).error("/api/notifications"),
    "the partner": _partner,
    "Key Vault": _vault,
    "the identity, for vault and storage": lambda _: App({}).credential.get_token(SCOPE),
    "the identity, for Graph": lambda _: app()._graph_identity.get_token(SCOPE),
    "queues, with a key": lambda url: StorageAccount({"AzureWebJobsStorage": KEY.format(url)}, Identity)
    .queue("q").send_message("x"),
    "tables, with a key": lambda url: StorageAccount({"AzureWebJobsStorage": KEY.format(url)}, Identity).table("t"),
    "queues, with the identity": lambda url: _storage(url).queue("q").send_message("x"),
    "tables, with the identity": lambda url: _storage(url).table("t"),
}  # fmt: skip
COMMAND_LINE: dict[str, Callable[[str], object]] = {
    "the relay": lambda url: RelayClient(url, ByKey("k")).call("GET", "/relay"),
    "the identity": lambda _: default_credential().get_token(SCOPE),
    "Key Vault": lambda url: vault_at(url).value("name"),
    "Graph": lambda url: GraphSession(url, CliToken(url, None, Identity())).get("/servicePrincipals/x"),
    "Dynamics 365": lambda url: DynamicsSession(url, CliToken(url, None, Identity())).get("WhoAmI"),
}
WITH_TLS = {"login, MSAL", "Key Vault", "queues, with the identity", "tables, with the identity"}
# Each place that creates a client, and the cases above that cover it.
CREATORS = {
    ("relay_admin/client.py", "Session"): ("the relay",),
    ("relay_admin/dynamics/session.py", "Session"): ("Dynamics 365",),
    ("relay_admin/entra/graph.py", "Session"): ("Graph",),
    # az and azd are programs, which make their calls themselves; here, they give the token for the call of Graph.
    ("relay_admin/entra/sign_in.py", "AzureCliCredential"): ("Graph",),
    ("relay_admin/entra/sign_in.py", "AzureDeveloperCliCredential"): ("Graph",),
    ("relay_admin/entra/sign_in.py", "ChainedTokenCredential"): ("Graph",),
    ("relay_admin/key_vault.py", "SecretClient"): ("Key Vault",),
    ("relay_admin/sign_in.py", "DefaultAzureCredential"): ("the identity",),
    ("shared/bootstrap/graph.py", "ManagedIdentityCredential"): ("the identity, for Graph",),
    ("shared/bootstrap/graph.py", "SecretClient"): ("Key Vault",),
    ("shared/bootstrap/storage.py", "DefaultAzureCredential"): ("the identity, for vault and storage",),
    ("shared/graph/token.py", "ConfidentialClientApplication"): ("login, MSAL",),
    ("shared/http/session.py", "Session"): ("Graph", "login, signing keys", "the relay's own address", "the partner"),
    ("shared/storage/connection.py", "QueueServiceClient"): ("queues, with the identity",),
    ("shared/storage/connection.py", "QueueServiceClient.from_connection_string"): ("queues, with a key",),
    ("shared/storage/connection.py", "TableServiceClient"): ("tables, with the identity",),
    ("shared/storage/connection.py", "TableServiceClient.from_connection_string"): ("tables, with a key",),
}
LIBRARIES = ("azure", "msal", "requests", "urllib", "http", "aiohttp", "httpx", "socket")
KINDS = ("Client", "Credential", "Application", "Session", "Connection", "from_connection_string", "urlopen", "request")


@pytest.fixture
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Scripted]:
    """Return a server that finds nothing; the identity's endpoint as App Service names it is the same server."""
    certificate = authority.authority().issue_cert("localhost")
    tls = authority.serving(certificate) if request.param in WITH_TLS else None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.roots(tmp_path))
    script = answer("404 Not Found", b"{}", "Content-Type: application/json", "Connection: close")
    with served(script, tls, "localhost" if tls else "127.0.0.1") as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", server.url)
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
        yield server


def _agent(server: Scripted, call: Callable[[str], object]) -> str:
    """Call the server, and return the User-Agent of the first request; the response is an error for each client."""
    with suppress(RelayError, CommandError, AzureError):
        call(server.url.removesuffix("/webhook"))
    return server.headers["user-agent"]


@pytest.mark.parametrize(("server", "client"), [(name, name) for name in RELAY], indirect=["server"])
def test_the_relay_names_its_version(server: Scripted, client: str) -> None:
    """First in the header, which the libraries of Azure continue with their own."""
    assert _agent(server, RELAY[client]).split()[0] == f"calendar-relay/{VERSION}"


@pytest.mark.parametrize(("server", "client"), [(name, name) for name in COMMAND_LINE], indirect=["server"])
def test_the_command_line_names_its_version(server: Scripted, client: str) -> None:
    """By a name of its own, so that a log tells both apart."""
    assert _agent(server, COMMAND_LINE[client]).split()[0] == f"calendar-relay-admin/{VERSION}"


def created(path: Path) -> Iterator[str]:
    """Yield the clients of libraries that a file creates."""
    tree = tree_of(path)
    names = {
        alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
        if ((node.module or "") if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0] in LIBRARIES
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.split(".")[0] in names and name.endswith(KINDS):
                yield name.removeprefix("requests.")


def test_every_client_is_in_the_list() -> None:
    """A further place that creates one needs a case above."""
    files = [path for folder in ("functions", "shared", "relay_admin") for path in (ROOT / folder).rglob("*.py")]
    found = {(path.relative_to(ROOT).as_posix(), name) for path in files for name in created(path)}
    assert found == set(CREATORS)
    assert {case for cases in CREATORS.values() for case in cases} == RELAY.keys() | COMMAND_LINE.keys()
