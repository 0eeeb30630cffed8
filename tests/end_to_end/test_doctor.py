"""Claims about the doctor on the running stack: all checks pass, and each injected fault is named with its remedy."""

from __future__ import annotations

import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from secrets import token_bytes
from socket import create_server
from typing import Any

import pytest
import trustme

from tests.support.command_line import CommandLine
from tests.support.relay import Relay, ago
from tests.support.restartable_relay import start_host
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

INSIDE, SECOND, OUTSIDE = "room1@contoso.com", "room2@contoso.com", "kari@contoso.com"
READ = "Application Calendars.Read"
SETTINGS = {"ALLOWED_MAILBOXES": f"{INSIDE},{SECOND}", "SECRETS_KEPT_SECONDS": "1"}
Fault = Callable[[Relay], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a correct stack with one watch: Exchange grants two rooms, and Entra ID grants nothing."""
    with Relay.running(tmp_path_factory.mktemp("doctor"), SETTINGS) as relay:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", mailboxes=[INSIDE, SECOND])
        relay.api.watch(INSIDE)
        yield relay


@contextmanager
def _restarted(relay: Relay, **settings: str) -> Iterator[None]:
    """Replace the stack's host by a host with other settings."""
    stack, before = relay.stack, (relay.stack.host, relay.stack.relay, relay.stack.keys)
    start_host(stack, settings)
    relay.api = stack.relay
    try:
        yield
    finally:
        stack.host.stop()
        stack.host, stack.relay, stack.keys = before
        relay.api = stack.relay


def _setting(**settings: str) -> Fault:
    return lambda relay: _restarted(relay, **settings)


@contextmanager
def _storage_key(relay: Relay) -> Iterator[None]:
    connection_string = relay.stack.azurite.connection_string
    key = connection_string.partition("AccountKey=")[2].partition(";")[0]
    with _restarted(relay, AzureWebJobsStorage=connection_string.replace(key, "A" * 86 + "==")):
        yield


def _changed(path: str, change: dict[str, Any], back: dict[str, Any]) -> Fault:
    @contextmanager
    def fault(relay: Relay) -> Iterator[None]:
        url = path.format(client=relay.client_id)
        relay.tenant.control("POST", url, change)
        try:
            yield
        finally:
            relay.tenant.control("POST", url, back)

    return fault


@contextmanager
def _rotated_secret(relay: Relay) -> Iterator[None]:
    secret, path = relay.stack.seed["clients"][0]["secrets"][0], f"/clients/{relay.client_id}"
    relay.tenant.control("POST", path, {"removeSecret": secret})
    yield
    relay.tenant.control("POST", path, {"addSecret": secret})


def _in_exchange(change: dict[str, list[str]]) -> Fault:
    return _changed("/clients/{client}", {"exchangeRoles": change}, {"exchangeRoles": {READ: [INSIDE, SECOND]}})


@contextmanager
def _room_list(relay: Relay) -> Iterator[None]:
    relay.tenant.control("POST", "/settings", {"roomLists": {"building1@contoso.com": [INSIDE]}})
    with _restarted(relay, ALLOWED_MAILBOXES=f"{INSIDE},roomlist:building1@contoso.com"):
        yield


def _behaving(**behaviour: Any) -> Fault:
    @contextmanager
    def fault(relay: Relay) -> Iterator[None]:
        relay.fail(None, **behaviour)
        yield
        relay.partner.control("DELETE", "/behaviour")

    return fault


@contextmanager
def _another_signing_secret(relay: Relay) -> Iterator[None]:
    name = "partner-signing-secret"
    relay.tenant.control("POST", "/secrets", {"name": name, "value": f"whsec_{b64encode(token_bytes(32)).decode()}"})
    yield
    relay.tenant.control("POST", "/secrets", {"name": name, "value": relay.stack.seed["secrets"][name][-1]})


@contextmanager
def _foreign_certificate(relay: Relay) -> Iterator[None]:
    """Deliver to a server whose certificate is of an unknown CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_shake_hands, args=(listener, context), daemon=True).start()
        with _restarted(relay, PARTNER_WEBHOOK_URL=f"https://localhost:{listener.getsockname()[1]}/webhook"):
            yield


def _shake_hands(listener: Any, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listener.accept()
            context.wrap_socket(client, server_side=True).close()
        except ssl.SSLError:
            continue
        except OSError:
            return


@contextmanager
def _wrong_clock(relay: Relay) -> Iterator[None]:
    relay.fault("^GET /v1.0/$", status=401, headers={"Date": "Fri, 20 Nov 2020 10:00:00 GMT"})
    yield
    relay.tenant.control("DELETE", "/faults")


@contextmanager
def _silent_timer(relay: Relay) -> Iterator[None]:
    relay.table("watches").upsert_entity({"PartitionKey": "relay", "RowKey": "heartbeat", "at": ago(hours=4)})
    yield
    relay.reconcile()


@contextmanager
def _paused(relay: Relay) -> Iterator[None]:
    assert CommandLine(relay)("pause", "A freeze").code == 0
    yield
    assert CommandLine(relay)("resume", "It is over").code == 0


@contextmanager
def _dead_letter(relay: Relay) -> Iterator[None]:
    relay.fail(INSIDE, status=422)
    relay.book(INSIDE, "canary-title")
    eventually(lambda: CommandLine(relay)("dead-letters").code == 1)
    relay.quiet()
    relay.partner.control("DELETE", "/behaviour")
    yield
    assert CommandLine(relay)("replay", "--all").code == 0
    eventually(lambda: CommandLine(relay)("dead-letters").code == 0)


SECRETS = ("clientStateKey", "graphSecret", "identifierKey", "signingSecret")
# By fault: how to inject it; the checks that fail; a text of the detail; a text of the remedy.
FAULTS: dict[str, tuple[Fault, tuple[str, ...], str, str]] = {
    "a setting is missing": (_setting(RESYNC_SCHEDULE="0 0 2 * * *", PARTNER_WEBHOOK_URL=""),
                             ("settings", "partner"), "PARTNER_WEBHOOK_URL: is not set", "Set PARTNER_WEBHOOK_URL"),
    "the vault refuses": (_changed("/managed-identities/system", {"vault": False}, {"vault": True}),
                          SECRETS, "denies access", "Key Vault Secrets User"),
    "a secret is missing": (_setting(CLIENT_STATE_KEY_NAME="no-such-key"),
                            ("clientStateKey",), "no-such-key", "Key Vault Secrets User"),
    "the client secret was rotated": (_rotated_secret, ("token",), "AADSTS7000215", "TENANT_ID and CLIENT_ID"),
    "the permission is withdrawn": (
        _in_exchange({}), ("calendarsRead",), "no Calendars.Read", "Grant-RelayMailboxAccess"),
    "more is granted than is needed": (_changed("/clients/{client}", {"roles": ["Mail.Read"]}, {"roles": []}),
                                       ("token",), "Mail.Read", "--permission Mail.Read"),
    "Entra ID has granted what Exchange should": (  # Exchange's scope is correct, but every mailbox can be read
        _changed("/clients/{client}", {"roles": ["Calendars.Read"]}, {"roles": []}),
        ("token", "exchangeScope"), "every calendar of the tenant", "--permission Calendars.Read"),
    "a mailbox is outside the scope": (
        _in_exchange({READ: [SECOND]}), ("exchangeScope",), INSIDE, "Add the mailbox"),
    "the scope is too wide": (
        _in_exchange({READ: [INSIDE, SECOND, OUTSIDE]}), ("exchangeScope",), OUTSIDE, "Narrow the scope"),
    "the allow-list is too wide": (_setting(ALLOWED_MAILBOXES="@contoso.com"),
                                   ("allowList",), OUTSIDE, "Narrow ALLOWED_MAILBOXES"),
    "room lists without their permission": (_room_list, ("roomLists",),
                                            "ErrorAccessDenied", "Place.Read.All"),
    "the partner is down": (_behaving(cut="before"), ("partner",), "no answer", "endpoint is up"),
    "the partner refuses the signature": (_another_signing_secret, ("partner",), "401", "signing secret"),
    "the partner redirects": (_behaving(status=307, headers={"Location": "https://x.example"}),
                              ("partner",), "307", "never followed"),
    "the partner's certificate is wrong": (_foreign_certificate, ("partner",), "no answer", "certificate"),
    "storage refuses": (_storage_key, ("storage",), "AzureWebJobsStorage", "identity"),
    "the public address is wrong": (_setting(PUBLIC_BASE_URL="https://localhost:1"),
                                    ("handshake",), "/api/notifications does not answer", "PUBLIC_BASE_URL"),
    "the clock is wrong": (_wrong_clock, ("clock",), "ahead of Graph's", "Restart"),
    "the timer is silent": (_silent_timer, ("reconciler",), "renew_subscriptions last ran", "RENEWAL_SCHEDULE"),
    "deliveries are paused": (_paused, ("deliveries",), "A freeze", "resume"),
    "dead letters wait": (_dead_letter, ("deadLetters",), "1 changes", "replay"),
}  # fmt: skip


def test_all_is_well(relay: Relay) -> None:
    """Every check of the relay and of the command line passes, and the output suggests a next step."""
    done = CommandLine(relay).doctor()
    assert (done.code, done.failures) == (0, {}), done.out
    assert {check["name"] for check in done.content["checks"] if check["ok"] is None} == {"package"}  # a checkout
    assert "book a meeting" in done.content["next"][0]
    assert relay.api.call("POST", "/doctor", key="master", json={"ping": False}).json()["ok"] is True
    assert relay.api.call("POST", "/doctor").status_code == 401
    pings = [ping for ping in relay.partner.deliveries()["list"] if ping["type"] == "calendar.relay.ping"]
    assert [(ping["status"], ping["violations"]) for ping in pings] == [(204, [])]


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named_with_what_to_do(relay: Relay, name: str) -> None:
    """Exactly the affected checks fail, with a remedy; without the fault all checks pass again."""
    inject, checks, detail, remedy = FAULTS[name]
    # The relay has read its secrets before the fault: what it holds of a vault that refuses, it uses for a while.
    assert eventually(lambda: CommandLine(relay).doctor().code == 0)
    with inject(relay):
        done = eventually(lambda: _failed(relay, checks[0]))
        assert done.code == 1
        if name != "storage refuses":  # nearly every check needs storage
            assert done.failures.keys() == set(checks), done.out
        assert detail in done.failures[checks[0]]["detail"]
        assert remedy in done.failures[checks[0]]["whatToDo"]
        assert "canary" not in done.out
    assert eventually(lambda: CommandLine(relay).doctor().code == 0)


def _failed(relay: Relay, check: str) -> Any:
    done = CommandLine(relay).doctor()
    return done if check in done.failures else None


def test_an_unreachable_relay_has_an_exit_code(relay: Relay) -> None:
    """The exit code is 3, and stderr says what to check."""
    done = CommandLine(relay)("doctor", "--url", "https://localhost:1")
    assert done.code == 3
    assert "Check that the app is running" in done.err
