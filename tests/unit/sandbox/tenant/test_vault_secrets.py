"""A vault that says no: a disabled secret, a deleted one, and access that is withdrawn."""

from typing import Any

import pytest

from sandbox.tenant.tokens import VAULT
from tests.support.running_tenant import CLIENT_ID, Running

pytestmark = pytest.mark.server


def read(running: Running, path: str) -> tuple[int, Any]:
    """Read from the vault with a valid token; return the status, and the value or the code of the error."""
    headers = {"Authorization": f"Bearer {running.token(VAULT)}"}
    answer = running.call("GET", f"/secrets/{path}", params={"api-version": "7.4"}, headers=headers)
    body = answer.json()
    error = body.get("error", {})
    return answer.status_code, error.get("innererror", error).get("code", body.get("value"))


def test_a_secret_is_disabled_and_enabled(running: Running) -> None:
    """Each version gets 403 SecretDisabled, is listed as disabled, and is read again once enabled."""
    listed = running.control("PATCH", "/secrets/Client-State-Key", {"enabled": False}).json()
    assert listed == {"name": "client-state-key", "versions": 3, "enabled": False}
    assert read(running, "client-state-key") == (403, "SecretDisabled")
    versions = read(running, "client-state-key/versions")[1]
    assert [each["attributes"]["enabled"] for each in versions] == [False] * 3
    assert read(running, "client-state-key/" + versions[0]["id"].rpartition("/")[2]) == (403, "SecretDisabled")
    assert read(running, "dated") == (200, "dated")
    running.control("PATCH", "/secrets/client-state-key", {"enabled": True})
    assert read(running, "client-state-key") == (200, "newest")


def test_a_single_version_is_disabled(running: Running) -> None:
    """The others are read."""
    version = running.control("POST", "/secrets", {"name": "dated", "value": "new"}).json()["version"]
    running.control("PATCH", "/secrets/dated", {"enabled": False, "version": version})
    assert read(running, "dated") == (403, "SecretDisabled")
    older = next(each for each in running.tenant.vault["dated"] if each.version != version)
    assert read(running, f"dated/{older.version}") == (200, "dated")


def test_a_version_is_dated(running: Running) -> None:
    """It is the newest no longer; control shows all versions, oldest first."""
    version = running.control("POST", "/secrets", {"name": "dated", "value": "new"}).json()["version"]
    running.control("PATCH", "/secrets/dated", {"created": "2025-01-02T03:04:05Z", "version": version})
    assert read(running, "dated") == (200, "dated")
    shown = running.control("GET", "/secrets/Dated").json()["versions"]
    assert [each["value"] for each in shown] == ["new", "dated"]


def test_a_secret_is_deleted(running: Running) -> None:
    """404 SecretNotFound, until a version is added again."""
    assert running.control("DELETE", "/secrets/dated").status_code == 200
    assert read(running, "dated") == (404, "SecretNotFound")
    running.control("POST", "/secrets", {"name": "dated", "value": "back"})
    assert read(running, "dated") == (200, "back")


def test_the_vault_is_forbidden(running: Running) -> None:
    """403 ForbiddenByRbac for each secret, until access is granted again."""
    running.control("POST", f"/clients/{CLIENT_ID}", {"vault": False})
    assert read(running, "dated") == (403, "ForbiddenByRbac")
    running.control("POST", f"/clients/{CLIENT_ID}", {"vault": True})
    assert read(running, "dated") == (200, "dated")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_unknown_secret_cannot_be_changed(running: Running, method: str) -> None:
    """404."""
    body = {"enabled": False} if method == "PATCH" else None
    assert running.control(method, "/secrets/nothing", body).status_code == 404
    unknown = {"enabled": False, "version": "0" * 32}
    assert running.control("PATCH", "/secrets/dated", unknown).status_code == 404
