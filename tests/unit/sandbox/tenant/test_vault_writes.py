"""The simulated Key Vault takes new versions, and refuses as Key Vault does."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.keyvault.secrets import SecretClient

from sandbox.tenant.tokens import VAULT
from tests.support.running_tenant import CLIENT_ID, Running
from tests.unit.sandbox.tenant.test_vault import client

pytestmark = pytest.mark.server


@pytest.fixture
def vault(running: Running) -> SecretClient:
    """Return the library's client of somebody who may write."""
    running.control("POST", f"/clients/{CLIENT_ID}", {"vault": False, "vaultOfficer": True})
    return client(running)


def inner_code(error: HttpResponseError) -> str:
    """Return the inner code of an error."""
    assert error.error is not None
    assert error.error.innererror is not None
    return str(error.error.innererror["code"])


def put(running: Running, body: Any) -> tuple[int, str]:
    """Send a body to Set Secret; return status and code."""
    answer = running.call(
        "PUT", "/secrets/dated", params={"api-version": "7.4"}, data=body,
        headers={"Authorization": f"Bearer {running.token(VAULT)}", "Content-Type": "application/json"},
    )  # fmt: skip
    return answer.status_code, answer.json().get("error", {}).get("code", "")


def test_a_new_version_is_the_secret(vault: SecretClient) -> None:
    """The versions before it stay enabled; the content type is of this version alone."""
    first = vault.set_secret("dated", "new", content_type="text/plain")
    assert (first.value, first.properties.content_type) == ("new", "text/plain")
    second = vault.set_secret("Dated", "newer")
    newest = vault.get_secret("dated")
    assert (newest.value, newest.properties.version) == ("newer", second.properties.version)
    assert newest.properties.content_type is None
    listed = list(vault.list_properties_of_secret_versions("dated"))
    assert sorted(each.content_type or "" for each in listed) == ["", "", "text/plain"]
    assert all(each.enabled for each in listed)


def test_a_secret_is_created(vault: SecretClient) -> None:
    """By its first version."""
    vault.set_secret("another", "value")
    assert vault.get_secret("another").value == "value"


def test_control_gives_a_content_type(running: Running, vault: SecretClient) -> None:
    """As a template does."""
    running.control("POST", "/secrets", {"name": "dated", "value": "x", "contentType": "made by the template"})
    assert vault.get_secret("dated").properties.content_type == "made by the template"


def test_a_reader_may_not_write(running: Running) -> None:
    """403 ForbiddenByRbac names the action."""
    with pytest.raises(HttpResponseError, match="secrets/setSecret/action") as caught:
        client(running).set_secret("dated", "new")
    assert (caught.value.status_code, inner_code(caught.value)) == (403, "ForbiddenByRbac")
    assert client(running).get_secret("dated").value == "dated"


@pytest.mark.parametrize("closed", ["ForbiddenByFirewall", "ForbiddenByConnection"])
def test_a_closed_network_refuses_reading_and_writing(running: Running, vault: SecretClient, closed: str) -> None:
    """403 with this inner code, until it is opened."""
    running.control("POST", "/vault", {"closed": closed})
    with pytest.raises(HttpResponseError) as reading:
        vault.get_secret("dated")
    with pytest.raises(HttpResponseError) as writing:
        vault.set_secret("dated", "new")
    for caught in (reading, writing):
        assert (caught.value.status_code, inner_code(caught.value)) == (403, closed)
    running.control("POST", "/vault", {"closed": None})
    assert vault.get_secret("dated").value == "dated"
    assert running.control("POST", "/vault", {"closed": "ForbiddenByMood"}).status_code == 400


def test_the_name_of_a_deleted_secret_cannot_be_written(running: Running, vault: SecretClient) -> None:
    """409 ObjectIsDeletedButRecoverable, until it is recovered with its versions; a purged one can be written."""
    running.control("DELETE", "/secrets/Dated?recoverable=true")
    with pytest.raises(ResourceExistsError) as caught:
        vault.set_secret("dated", "new")
    assert (caught.value.status_code, inner_code(caught.value)) == (409, "ObjectIsDeletedButRecoverable")
    assert running.control("POST", "/secrets/dated/recover").status_code == 200
    assert vault.get_secret("dated").value == "dated"
    assert running.control("POST", "/secrets/dated/recover").status_code == 404
    running.control("DELETE", "/secrets/dated")
    vault.set_secret("dated", "new")


@pytest.mark.parametrize(
    "body", ["", "{}", '{"value": 1}', '{"value": "x", "color": "blue"}', '{"value": "' + "x" * 25_001 + '"}']
)
def test_a_body_that_is_no_secret_is_refused(running: Running, vault: SecretClient, body: str) -> None:
    """400 BadParameter, and no version is added."""
    assert put(running, body) == (400, "BadParameter")
    assert vault.get_secret("dated").value == "dated"


def test_a_write_without_a_token_is_challenged(running: Running) -> None:
    """401, whatever the body is."""
    answer = running.call("PUT", "/secrets/dated", params={"api-version": "7.4"})
    assert (answer.status_code, "Bearer authorization=" in answer.headers["WWW-Authenticate"]) == (401, True)
