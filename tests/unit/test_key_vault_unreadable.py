"""A proxy's page in place of the vault's answer: the vault is unavailable. With Azure's own client, over loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.bootstrap.app import App
from shared.errors import ServiceUnavailable
from tests.support import authority
from tests.support.scripted_server import answer, served
from tests.unit.http.test_user_agents import Identity, app

pytestmark = pytest.mark.server

BODIES = [b"", b"<html>", b"[]", b"null", b'"text"', b"\xff", b'{"value": "x", "id": "no URL"}']


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("method", ["get", "latest_two", "exists"])
def test_an_unreadable_answer_is_unavailable(
    method: str, body: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A RelayError: cached values stay in use, a message goes back on the queue, and a call is answered 503."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.roots(tmp_path))
    certificate = authority.authority().issue_cert("localhost")
    script = answer("200 OK", body, "Content-Type: text/html", "Connection: close")
    with served(script, authority.serving(certificate), "localhost") as vault:
        settings = app(key_vault_uri=vault.url.removesuffix("/webhook"), key_vault_verify_challenge=False).settings
        secrets = App({}, settings=settings, credential=Identity()).secrets
        with pytest.raises(ServiceUnavailable, match="Key Vault"):
            getattr(secrets, method)("name")
