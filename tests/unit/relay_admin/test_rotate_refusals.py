"""Each refusal of the vault becomes an error that says what to do, without a text of the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import ServiceRequestError

from relay_admin.__main__ import main
from relay_admin.errors import FAILED, OK, UNREACHABLE, CommandError
from relay_admin.key_vault import Vault, vault_at
from tests.support.fake_vault import Vault as FakeVault
from tests.support.fake_vault import sdk_error
from tests.support.rotating import KEY, SIGNING, Rotating, rotating
from tests.support.running_tenant import CLIENT_ID

server = pytest.mark.server


@pytest.fixture
def it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Rotating]:
    """Return IT at the command line."""
    yield from rotating(tmp_path, monkeypatch, capsys)


def without_role(it: Rotating) -> None:
    """Take back the role at the vault."""
    it.running.control("POST", f"/clients/{CLIENT_ID}", {"vaultOfficer": False})


def reader(it: Rotating) -> None:
    """Leave the role that reads only."""
    it.running.control("POST", f"/clients/{CLIENT_ID}", {"vaultOfficer": False, "vault": True})


def closed(it: Rotating) -> None:
    """Close the vault's firewall."""
    it.running.control("POST", "/vault", {"closed": "ForbiddenByFirewall"})


def private(it: Rotating) -> None:
    """Admit private endpoints only."""
    it.running.control("POST", "/vault", {"closed": "ForbiddenByConnection"})


def purged(it: Rotating) -> None:
    """Delete the secret for good."""
    it.running.control("DELETE", f"/secrets/{KEY}")


def another_secret(it: Rotating) -> None:
    """Change the password of the one who signs in."""
    it.running.tenant.clients[CLIENT_ID].secrets = ["another"]


@server
@pytest.mark.parametrize(
    ("break_it", "text"),
    [(without_role, "Key Vault Secrets Officer"), (reader, "Key Vault Secrets Officer"), (closed, "firewall"),
     (private, "from the internet"), (purged, "infra/main.bicep"), (another_secret, "AADSTS7000215")],
)  # fmt: skip
def test_a_refusal_says_what_to_do_and_writes_nothing(
    it: Rotating, break_it: Callable[[Rotating], None], text: str
) -> None:
    """The exit code is 1; with --json the document has the title and what to do."""
    break_it(it)
    before = len(it.versions(KEY))
    code, _, err = it.run(KEY)
    assert (code, text in err) == (FAILED, True), err
    assert it.document(KEY)["error"]["title"] in err
    assert len(it.versions(KEY)) == before


@server
def test_a_secret_that_was_deleted_is_recovered_first(it: Rotating) -> None:
    """The error names the command."""
    it.running.control("DELETE", f"/secrets/{KEY}?recoverable=true")
    code, _, err = it.run(KEY)
    assert (code, "az keyvault secret recover" in err) == (FAILED, True)
    it.running.control("POST", f"/secrets/{KEY}/recover")
    assert it.run(KEY)[0] == OK
    assert len(it.versions(KEY)) == 2


@server
def test_a_vault_that_does_not_answer_is_unreachable(it: Rotating) -> None:
    """The exit code is 3. The write is not repeated, because the first one may have succeeded."""
    fault = {"match": "^PUT /secrets/", "cut": True, "after": True}
    it.running.control("POST", "/faults", fault)
    code, _, err = it.run(KEY)
    assert (code, "look whether it was" in err) == (UNREACHABLE, True)
    assert len(it.versions(KEY)) <= 2
    assert main(["rotate", SIGNING, "--vault", "https://localhost:1"]) == UNREACHABLE


@pytest.mark.parametrize(
    ("status", "inner", "text"),
    [(409, "ObjectIsDeletedButRecoverable", "az keyvault secret recover --vault-name vault --name one"),
     (403, "ForbiddenByPolicy", "Azure Policy"), (403, "AccessDenied", "Secrets Officer"), (403, "", "Secrets Officer"),
     (409, "ObjectIsBeingRecovered", "ObjectIsBeingRecovered"), (429, "", "(429)"), (500, "", "(500)")],
)  # fmt: skip
def test_further_answers_of_the_vault(status: int, inner: str, text: str) -> None:
    """As the SDK raises them; their own texts are not shown."""
    fake = FakeVault(one=["only"])
    fake.failure = sdk_error(status, "Forbidden", inner)
    with pytest.raises(CommandError) as caught:
        Vault(fake).versions("one")
    shown = f"{caught.value.title} {caught.value.what_to_do}"
    assert (text in shown, "canary" in shown) == (True, False), shown


@pytest.mark.parametrize("failure", [ServiceRequestError("canary"), ValueError("canary")])
def test_an_address_without_a_vault_is_unreachable(failure: Exception) -> None:
    """An unknown name has no address in DNS; another server's challenge is refused by the SDK (ValueError)."""
    fake = FakeVault(one=["only"])
    fake.failure = failure
    with pytest.raises(CommandError) as caught:
        Vault(fake).value("one")
    assert (caught.value.code, "canary" in str(caught.value)) == (UNREACHABLE, False)


@pytest.mark.parametrize(
    ("login", "url"),
    [("", "https://kv-relay.vault.azure.net"),
     ("login.microsoftonline.us/", "https://kv-relay.vault.usgovcloudapi.net"),
     ("https://login.partner.microsoftonline.cn", "https://kv-relay.vault.azure.cn")],
)  # fmt: skip
def test_a_name_is_in_the_domain_of_its_cloud(login: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The login's host names the cloud."""
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", login or "https://login.microsoftonline.com")
    vault = vault_at("kv-relay")
    assert (vault.url, vault.name) == (url, "kv-relay")
