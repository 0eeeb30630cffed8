"""Before anything is removed, uninstall says what becomes of the host name while subscriptions stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from relay_admin.__main__ import main
from relay_admin.host_name import warning

APP = "https://func-relay-abc.azurewebsites.net"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (APP, "anybody can take that name"),
        ("https://func-relay-abc.azurewebsites.us", "anybody can take that name"),
        ("https://FUNC-relay-abc.azurewebsites.net:443", "unique default host name"),
        ("https://relay.contoso.com", "DNS record"),
        ("https://azurewebsites.net.contoso.com", "DNS record"),
    ],
)
def test_a_name_that_others_can_get_is_a_warning(url: str, says: str) -> None:
    """A shared domain's name is free after the removal; an own domain goes on pointing somewhere."""
    assert warning(url).startswith("WARNING: Graph posts to ")
    assert says in warning(url)


@pytest.mark.parametrize(
    "url", ["https://func-relay-abc-h4k2d9c8b7a6e5f4.westeurope-01.azurewebsites.net", "http://127.0.0.1:7071"]
)
def test_a_unique_default_host_name_is_none(url: str) -> None:
    """Azure gives it to nobody else; nor is a sandbox's address taken."""
    assert warning(url) == ""


@pytest.mark.parametrize(("watches", "warns"), [([], False), ([{"id": "1", "mailbox": "a@contoso.com"}], True)])
@pytest.mark.parametrize("as_json", [False, True])
def test_uninstall_warns_while_watches_stand(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    watches: list[Any],
    *,
    warns: bool,
    as_json: bool,
) -> None:
    """Without --yes nothing is removed, and the warning is in the document, too."""
    with responses.RequestsMock() as server:
        server.get(f"{APP}/api/room-lists", json={"value": []})
        server.get(f"{APP}/api/subscriptions", json={"value": watches})
        arguments = ["uninstall", "--url", APP, *(["--json"] if as_json else [])]
        monkeypatch.setenv("RELAY_KEY", "a-key")
        assert main(arguments) == 0
    out = capsys.readouterr().out
    assert ("WARNING: Graph posts to func-relay-abc" in out) == warns
    if as_json:
        assert (json.loads(out)["warning"] is not None) == warns
