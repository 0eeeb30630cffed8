"""Claims about webhooks of Dataverse on the running stack: set up, proven, followed without the timer, rotated."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.az import profile
from sandbox.az.environment import az_environment
from tests.support.command_line import CommandLine, Completed
from tests.support.relay import NEVER, Relay, ago
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

OLA = "ola@contoso.com"
NAME = "dataverse-hook-secret"
SETTINGS = {
    "FEATURES": "dataverse", "ALLOWED_MAILBOXES": OLA, "DATAVERSE_RESOURCES": "column:new_calendarrelay",
    "DATAVERSE_SCHEDULE": NEVER, "SECRETS_KEPT_SECONDS": "300",
}  # fmt: skip


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack whose timer never runs, so that only webhooks lead to an event."""
    seed = {"resources": [{"mailbox": OLA, "marked": True}], "settings": {"hookSpreadSeconds": 0.2, "hookTwice": 1}}
    with Relay.running(tmp_path_factory.mktemp("webhooks"), SETTINGS, dataverse=seed) as relay:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", "Calendars.ReadWrite", mailboxes=[OLA])
        yield relay


def book(relay: Relay, hours: int) -> None:
    """Make a booking of an hour."""
    start = datetime.now(UTC) + timedelta(hours=hours)
    relay.stack.dataverse.book(OLA, start, start + timedelta(hours=1))


def number_of_events(relay: Relay) -> int:
    """Return how many events Ola has."""
    return len(relay.tenant.calendar(OLA, ago(hours=1), ago(hours=-48)))


def test_from_nothing_to_an_event_by_a_webhook(relay: Relay, tmp_path: Path) -> None:
    """`setup` waits for a webhook of a booking that a person makes. A rotation loses none."""
    run = CommandLine(relay)
    environ = az_environment(relay.tenant.url, tmp_path, relay.stack.certificates.bundle)
    profile.save(tmp_path, profile.Account("admin@contoso.com", relay.stack.seed["tenantId"]))
    secret = tmp_path / "secret.txt"

    def command(verb: str, *more: str) -> Completed:
        where = ("--environment", relay.stack.dataverse.url, "--secret-file", str(secret), "--yes")
        return run("dataverse", verb, *where, *more, **environ)

    store(relay, secret, "a" * 43)
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(
            command, "setup", "--app-id", relay.client_id, "--webhooks", "--url", relay.api.url, "--wait", "120"
        )
        eventually(lambda: hook_steps(relay) == 3)
        book(relay, 3)
        done = made.result()
    assert done.code == 0, done.out + done.err
    assert "Proven: a webhook has arrived." in done.out
    started = run("dataverse", "start", "--json")
    assert started.code == 0, started.err
    eventually(lambda: number_of_events(relay) == 1)
    book(relay, 5)
    eventually(lambda: number_of_events(relay) == 2)
    store(relay, secret, "b" * 43)
    assert command("rotate").code == 0
    book(relay, 7)
    eventually(lambda: number_of_events(relay) == 3)
    assert relay.stack.dataverse.control("GET", "/hooks").get("failed", 0) == 0


def store(relay: Relay, file: Path, value: str) -> None:
    """Put a secret into the vault and a file, as somebody else does for the administrator."""
    relay.tenant.control("POST", "/secrets", {"name": NAME, "value": value})
    file.write_text(value + "\n")


def hook_steps(relay: Relay) -> int:
    """Return how many steps there are."""
    return len(relay.stack.dataverse.control("GET", "/rows/sdkmessageprocessingsteps")["value"])
