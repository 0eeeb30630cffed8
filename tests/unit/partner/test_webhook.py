"""A delivery is signed as the specification says, judged by its status, never redirected, and bounded in time."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook as Verifier

from shared.errors import ConfigurationError
from shared.http.checked_session import checked_session
from shared.http.resolver import Resolver
from shared.partner.webhook import LARGEST_ANSWER, NotDelivered, Webhook, signed_headers
from shared.version import VERSION
from tests.support.scripted_server import Script, answer, raw, served

pytestmark = pytest.mark.server

NEW, OLD = (f"whsec_{base64.b64encode(bytes([number]) * 32).decode()}" for number in (1, 2))
NOW = datetime(2026, 11, 20, 10, 0, 4, 999_999, tzinfo=UTC)
BODY = '{"title":"Møte 📅"}'
SESSION = checked_session(Resolver(allowed=lambda _: True), roots=None)


def delivered(script: Script, body: str = BODY) -> None:
    """Make one delivery to a server that follows a script."""
    with served(script) as server:
        Webhook(lambda: server.url, lambda: NEW, lambda: "secret-name", lambda: SESSION).deliver("msg_1", body)


def refused(script: Script) -> NotDelivered:
    """Return the error of a failed delivery."""
    with pytest.raises(NotDelivered) as caught:
        delivered(script)
    return caught.value


def test_the_signature_equals_the_specifications_example() -> None:
    """The example of the Standard Webhooks libraries gives id, timestamp, body and secret."""
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    moment = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers("n", secret, message, moment, '{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (message, "1614265330")


def test_a_delivery_verifies_with_the_partners_own_library() -> None:
    """Standardwebhooks accepts the bytes and headers that were sent."""
    with served(answer("200 OK")) as server:
        Webhook(lambda: server.url, lambda: NEW, lambda: "n", lambda: SESSION).deliver("msg_1", BODY)
    assert Verifier(NEW).verify(server.body, server.headers) == json.loads(BODY)
    assert server.headers["content-type"] == "application/json"
    assert server.headers["user-agent"] == f"calendar-relay/{VERSION}"


def test_during_a_rotation_both_secrets_sign() -> None:
    """Two secrets give two signatures; either verifies, a third secret does not."""
    headers = signed_headers("n", f" {NEW}\n {OLD} ", "msg_1", datetime.now(UTC), BODY)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        assert Verifier(secret).verify(BODY, headers)
    with pytest.raises(Exception, match="No matching signature"):
        Verifier("whsec_" + base64.b64encode(b"3" * 32).decode()).verify(BODY, headers)


def test_header_and_signature_have_the_same_timestamp() -> None:
    """A delivery made in the last microsecond of a second verifies, too."""
    now = datetime.now(UTC).replace(microsecond=999_999)
    assert Verifier(NEW).verify(BODY, signed_headers("n", NEW, "m", now, BODY))


def test_the_library_stamps_the_wall_clock_of_other_zones() -> None:
    """The moment must be in UTC for this reason: in another zone the signature covers a different second."""
    elsewhere = NOW.astimezone(timezone(timedelta(hours=2)))
    assert signed_headers("n", NEW, "m", NOW, BODY) != signed_headers("n", NEW, "m", elsewhere, BODY)


@pytest.mark.parametrize(
    "secrets",
    ["", "   ", "whsec_", "whsec_canary", "whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_canary-not*base64!",
     f"{NEW} whsec_canary", "canary"],
)  # fmt: skip
def test_the_error_for_an_unusable_secret_names_it_without_its_value(secrets: str) -> None:
    """A secret that is missing, too short or not base64, also as one of two, stops the delivery: nothing is sent
    unsigned.
    """
    with pytest.raises(ConfigurationError, match="secret-name") as caught:
        signed_headers("secret-name", secrets, "m", NOW, "{}")
    assert "canary" not in str(caught.value)


def test_the_error_for_a_secret_that_is_not_ascii_names_it() -> None:
    """A dash pasted from a word processor is enough."""
    with pytest.raises(ConfigurationError, match="secret-name"):
        signed_headers("secret-name", NEW + "\u2013", "m", NOW, "{}")


@pytest.mark.parametrize("form", [NEW, NEW.rstrip("="), NEW.removeprefix("whsec_")])
def test_a_secret_may_have_a_prefix_and_padding_or_not(form: str) -> None:
    """All three forms denote the same secret."""
    assert signed_headers("n", form, "m", NOW, BODY) == signed_headers("n", NEW, "m", NOW, BODY)


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "204 No Content", "299 Fine"])
def test_any_2xx_is_success(status: str) -> None:
    """Any status from 200 to 299 is a successful delivery."""
    delivered(answer(status))


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 408, 410, 422, 429, 500, 502, 503, 504])
def test_any_other_status_is_a_failure_with_its_status(status: int) -> None:
    """The caller chooses the disposition by the status."""
    assert refused(answer(f"{status} No", b"canary")).status == status


def test_a_redirect_is_not_followed() -> None:
    """A redirect could lead into a private network."""
    with served(answer("200 OK")) as secret_place:
        refused(answer("307 Temporary Redirect", b"", f"Location: {secret_place.url}"))
        assert secret_place.requests == []


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("1.5", 1.5), ("-1", None), ("9e999", None)])
def test_retry_after_is_part_of_the_error(header: str, seconds: float | None) -> None:
    """The error has the seconds of Retry-After."""
    assert refused(answer("503 No", b"", f"Retry-After: {header}")).retry_after == seconds


def test_a_malformed_retry_after_is_ignored() -> None:
    """A malformed header must not keep a change from being retried."""
    assert refused(answer("503 No", b"", "Retry-After: Wed, 21 Oct 99999999999999 07:28:00 GMT")).retry_after is None


def test_a_refused_connection_is_status_0() -> None:
    """A closed port is a failed delivery."""
    with served(answer("200 OK")) as server:
        pass
    with pytest.raises(NotDelivered) as caught:
        Webhook(lambda: server.url, lambda: NEW, lambda: "n", lambda: SESSION).deliver("m", "{}")
    assert caught.value.status == 0


@pytest.mark.parametrize("content", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 two OK\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n"])
def test_a_response_that_is_not_http_is_a_failure(content: bytes) -> None:
    """The server did not take the delivery."""
    assert refused(raw(content)).status == 0


CHUNKED = b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("content", [CHUNKED + b"zz\r\nabc", CHUNKED, CHUNKED + b"5\r\nab"])
def test_a_truncated_body_is_a_success(content: bytes) -> None:
    """The status arrived, so it counts; any other exception would send the change to the poison queue."""
    assert refused(raw(content)).status == 500


def test_a_slow_body_is_cut_off() -> None:
    """A partner that sends single bytes must not hold a worker: the status has arrived."""
    cut = threading.Event()

    def drip(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with suppress(OSError):
            while True:
                client.sendall(b"x")
                time.sleep(0.05)
        cut.set()

    delivered(drip)
    assert cut.wait(180)


def test_only_the_beginning_of_a_body_is_read() -> None:
    """An endless body costs the relay 20 kB."""
    sent = 0

    def flood(client: socket.socket) -> None:
        nonlocal sent
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        while sent < 1_000_000_000:
            client.sendall(b"x" * 65_536)
            sent += 65_536

    delivered(flood)
    assert sent < 20_000_000
    assert LARGEST_ANSWER == 20_000


def test_a_body_is_not_decompressed() -> None:
    """A body declared as gzip is read as bytes and discarded."""
    delivered(answer("200 OK", b"no gzip at all", "Content-Encoding: gzip"))


def test_cookies_are_not_kept() -> None:
    """Deliveries are independent of each other."""
    with served(answer("200 OK", b"", "Set-Cookie: a=b"), reads="many requests") as server:
        webhook = Webhook(lambda: server.url, lambda: NEW, lambda: "n", lambda: SESSION)
        webhook.deliver("m", "{}")
        webhook.deliver("m", "{}")
    assert all(b"ookie" not in request for request in server.requests)


def test_a_failed_delivery_is_not_repeated_by_the_session() -> None:
    """Retries are the job of the queue and the ledger."""
    with served(answer("503 No")) as server, pytest.raises(NotDelivered):
        Webhook(lambda: server.url, lambda: NEW, lambda: "n", lambda: SESSION).deliver("m", "{}")
    assert len(server.requests) == 1


def test_the_text_of_an_error_has_nothing_of_the_response() -> None:
    """Error texts reach logs."""
    assert "canary" not in str(refused(answer("500 canary", b"canary", "X-Canary: canary")))
