"""The judgement of each route's answer, and the values of azd's environment: pure functions, on every system alike."""

from __future__ import annotations

import pytest

from tools.deployment.preflight import PROVIDERS, registration
from tools.deployment.routes import TOKEN, Response, handshake, health, version
from tools.deployment.values import Stop, address, canonical, is_true

ECHO = TOKEN.encode()


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (Response(202, "text/plain", ECHO), "202"),
        (Response(404, "text/plain", b""), "404"),
        (Response(200, "text/html", ECHO), "200 with text/html"),
        (Response(200, "", ECHO), "200 with no content type"),
        (Response(200, "text/plain", ECHO + b"\n"), "200 with another body"),
        (Response(200, "text/plain", b'"' + ECHO + b'"'), "200 with another body"),
        (Response(200, "text/plain", b""), "200 with another body"),
        (Response(200, "text/plain", TOKEN.encode("latin-1")), "200 with another body"),
    ],
)
def test_a_handshake_is_right_only_with_status_type_and_exact_text(response: Response, text: str) -> None:
    """As Graph requires it."""
    assert handshake(response) == (text, False, "")
    assert handshake(Response(200, "text/plain", ECHO)).ok


@pytest.mark.parametrize("body", [b'{"status": "down"}', b"<html>", b"[]", b"", b'"up"', b'{"status": true}', b"\xff"])
def test_health_is_up_only_with_both(body: bytes) -> None:
    """The status 200, and the text."""
    assert not health(Response(200, "application/json", body)).ok
    assert not health(Response(503, "application/json", b'{"status": "up"}')).ok
    assert health(Response(200, "application/json", b'{"status": "up"}')).ok


@pytest.mark.parametrize(
    "body", [b'{"package": null}', b'{"package": ""}', b"{}", b"[1]", b"1a2b3c4d", b'{"package": 1}']
)
def test_a_checkout_or_another_app_has_no_package(body: bytes) -> None:
    """Also when there is nothing to compare with."""
    for expected in ("", "1a2b3c4d"):
        assert not version(expected)(Response(200, "application/json", body)).ok


def test_the_package_has_to_be_the_expected() -> None:
    """Any package does without one."""
    runs = Response(200, "application/json", b'{"package": "1a2b3c4d"}')
    assert [version(expected)(runs).ok for expected in ("1a2b3c4d", "1a2b3c4e", "")] == [True, False, True]


def test_azd_and_the_hook_agree_on_what_is_true() -> None:
    """Go's strconv.ParseBool takes twelve texts, six of them for true."""
    assert all(is_true(text) for text in ("1", "t", "T", "TRUE", "true", "True"))
    assert not any(is_true(text) for text in ("0", "f", "F", "FALSE", "false", "False", "", "tRUE", "yes", "on", "y"))


def test_a_region_has_a_single_spelling() -> None:
    """The portal shows the others."""
    assert [canonical(name) for name in ("West Europe", "westeurope", "WESTEUROPE")] == ["westeurope"] * 3


def test_only_loopback_may_be_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without a port; a slash at the end does no harm."""
    for url in ("https://relay.example/", "http://127.0.0.1:7071", "http://localhost:7071", "http://[::1]:7071"):
        monkeypatch.setenv("RELAY_URL", url)
        assert address("RELAY_URL") == url.rstrip("/")
    for url in ("http://relay.example", "http://127.0.0.1.example", "https://", "file:///etc/passwd", "relay.example"):
        monkeypatch.setenv("RELAY_URL", url)
        with pytest.raises(Stop, match="has to begin with https"):
            address("RELAY_URL")


def test_the_registration_fits_the_shell_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line for a POSIX shell, and one for PowerShell."""
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "sub")
    names = list(PROVIDERS[:2])
    assert registration(names, "posix") == (
        "for name in Microsoft.Web Microsoft.Storage; "
        'do az provider register --wait --namespace "$name" --subscription sub; done'
    )
    assert registration(names, "nt") == (
        "'Microsoft.Web','Microsoft.Storage' | "
        "ForEach-Object { az provider register --wait --namespace $_ --subscription sub }"
    )
