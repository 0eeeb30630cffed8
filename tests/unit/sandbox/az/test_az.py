"""The stand-in for az signs in, gives tokens, and sends requests, as the Azure CLI does."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzureCliCredential, CredentialUnavailableError

from sandbox.az.__main__ import main
from sandbox.az.environment import az_environment
from sandbox.tenant.tokens import GRAPH
from tests.support.directory_world import PLACE_READ, RELAY, TENANT_ID, DirectoryWorld, directory_world

pytestmark = pytest.mark.server


@dataclass
class Az:
    """The stand-in in this process; `environ` makes it the az of another one."""

    world: DirectoryWorld
    environ: dict[str, str]
    captured: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """Run a command and return stdout and stderr."""
        assert main(arguments, self.environ) == code
        out, err = self.captured.readouterr()
        return out, err

    def json(self, *arguments: str) -> Any:
        """Run a command and return its JSON."""
        return json.loads(self(*arguments)[0])


@pytest.fixture
def az(certificates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Az]:
    """Return the stand-in for a running tenant; nobody is signed in."""
    with directory_world(certificates) as world:
        yield Az(world, az_environment(world.url, tmp_path / "azure", certificates / "ca.pem"), capsys)


@pytest.fixture
def signed_in(az: Az) -> Az:
    """Return the stand-in after az login."""
    az("login", "--tenant", TENANT_ID, "--allow-no-subscriptions")
    return az


def test_a_login_is_kept_until_the_logout(az: Az) -> None:
    """Azure CLI reference, az login and az account show: the account has the tenant and the person."""
    (account,) = az.json("login", "--tenant", "contoso.com", "--use-device-code")
    assert (account["tenantId"], account["user"]["name"]) == (TENANT_ID, "admin@contoso.com")
    assert az("account", "show", "--query", "tenantId", "-o", "tsv")[0] == f"{TENANT_ID}\n"
    assert az("login", "--output", "none")[0] == ""
    az("logout")
    assert "az login" in az("account", "show", code=1)[1]


def test_a_token_needs_a_login(az: Az) -> None:
    """The text by which Azure Identity recognizes that nobody is signed in; exit code 1."""
    out, err = az("account", "get-access-token", "--output", "json", "--resource", GRAPH, code=1)
    assert (out, err) == ("", "ERROR: Please run 'az login' to setup account.\n")


@pytest.mark.parametrize(
    "named", [("--resource", GRAPH), ("--scope", f"{GRAPH}/.default"), ("--resource-type", "ms-graph")]
)
def test_a_token_has_the_clis_shape(signed_in: Az, named: tuple[str, str]) -> None:
    """Azure CLI reference, az account get-access-token."""
    shown = signed_in.json("account", "get-access-token", *named, "--tenant", TENANT_ID)
    assert shown.keys() == {"accessToken", "expiresOn", "expires_on", "subscription", "tenant", "tokenType"}
    assert (shown["tenant"], shown["tokenType"]) == (TENANT_ID, "Bearer")
    assert signed_in.world.call("GET", "/applications", token=shown["accessToken"]).status_code == 200


@pytest.mark.parametrize(
    ("named", "text"),
    [
        (("--resource", "api://nobody"), "AADSTS500011"),
        (("--resource", GRAPH, "--tenant", "fabrikam.com"), "AADSTS90002"),
    ],
)
def test_entras_refusal_is_shown(signed_in: Az, named: tuple[str, ...], text: str) -> None:
    """Microsoft Entra authentication and authorization error codes; exit code 1."""
    assert text in signed_in("account", "get-access-token", *named, code=1)[1]


def test_a_request_has_the_administrators_token(signed_in: Az) -> None:
    """Azure CLI reference, az rest: of Graph's address the CLI knows the resource; a body of JSON gets its type."""
    world = signed_in.world
    relay, graph = world.principal_id(RELAY), world.principal_id("00000003-0000-0000-c000-000000000000")
    uri = f"{GRAPH}/v1.0/servicePrincipals/{relay}/appRoleAssignments"
    body = json.dumps({"principalId": relay, "resourceId": graph, "appRoleId": PLACE_READ})
    made = signed_in("rest", "--method", "post", "--uri", uri, "--body", body, "--query", "id", "--output", "tsv")[0]
    listed = signed_in.json("rest", "-m", "GET", "--url", uri, "--uri-parameters", "$top=5")
    assert [each["id"] for each in listed["value"]] == [made.strip()]
    assert signed_in("rest", "--method", "delete", "--uri", f"{uri}/{made.strip()}") == ("", "")


def test_a_body_can_be_a_file(signed_in: Az, tmp_path: Path) -> None:
    """Azure CLI reference, az rest --body @FILE; headers are words or JSON."""
    (tmp_path / "body.json").write_text('{"displayName": "Relay"}')
    path = f"{GRAPH}/v1.0/applications(appId='{RELAY}')"
    for headers in ('{"Content-Type": "application/json"}', "Content-Type=application/json"):
        signed_in("rest", "--method", "patch", "--uri", path, "--headers", headers, "-b", f"@{tmp_path}/body.json")
        assert signed_in.json("rest", "--uri", path)["displayName"] == "Relay"


def test_another_address_gets_a_token_only_with_a_resource(signed_in: Az) -> None:
    """Azure CLI reference, az rest --resource: without it the CLI warns, sends no token, and shows the response."""
    address = f"{signed_in.world.url}/v1.0/applications"
    assert signed_in.json("rest", "--uri", address, "--resource", signed_in.world.url)["value"]
    warned = signed_in("rest", "--uri", address, code=1)[1]
    assert "use --resource" in warned
    assert "ERROR: Unauthorized({" in warned
    assert (
        "InvalidAuthenticationToken"
        in signed_in("rest", "--uri", f"{GRAPH}/v1.0/applications", "--skip-authorization-header", code=1)[1]
    )
    assert "answers for" in signed_in("rest", "--uri", "https://example.com/", code=1)[1]


@pytest.mark.parametrize(
    "arguments",
    [("rest",), ("rest", "--uri", "x", "--colour", "red"), ("rest", "--ur", "x"), ("rest", "--uri", "x", "-m", "list"),
     ("ad", "sp", "show"), (), ("account", "get-access-token", "--resource", "x", "--scope", "y"),
     ("account", "get-access-token", "--scope", "x", "y"), ("account", "show", "--output", "xml"),
     ("account", "show", "--output", "table"), ("account", "show", "--query", "[0]"),
     ("account", "show", "--outp", "json"),
     ("rest", "--uri", f"{GRAPH}/v1.0/applications", "--headers", "Accept")],
)  # fmt: skip
def test_unknown_options_are_errors(signed_in: Az, arguments: tuple[str, ...]) -> None:
    """Exit code 2, as of wrong arguments, and no abbreviations."""
    assert "ERROR: " in signed_in(*arguments, code=2)[1]


def test_its_environment_is_needed(az: Az) -> None:
    """The error names the variable."""
    for name in ("SANDBOX_TENANT_URL", "AZURE_CONFIG_DIR"):
        az.environ = {key: value for key, value in az.environ.items() if key != name}
        assert name in az("account", "show", code=2)[1]
        az.environ[name] = "x"


def test_the_azure_library_works_with_it(az: Az, monkeypatch: pytest.MonkeyPatch) -> None:
    """AzureCliCredential runs az of PATH in /bin; it says that nobody is signed in, and then gets the token."""
    for name, value in az.environ.items():
        monkeypatch.setenv(name, value)
    credential = AzureCliCredential(tenant_id=TENANT_ID, process_timeout=60)
    with pytest.raises(CredentialUnavailableError, match="az login"):
        credential.get_token(f"{GRAPH}/.default")
    subprocess.run(["az", "login", "--output", "none"], check=True, timeout=60)  # noqa: S607 - of PATH, as people do
    token = credential.get_token(f"{GRAPH}/.default")
    assert az.world.call("GET", "/applications", token=token.token).status_code == 200
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        credential.get_token("api://nobody/.default")
