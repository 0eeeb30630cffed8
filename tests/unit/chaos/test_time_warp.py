"""The time warp shortens waits, and storage still accepts the signature of the changed requests."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from sandbox.azurite import Azurite, start_azurite
from tests.chaos.http1 import Message
from tests.chaos.proxy import Proxy
from tests.chaos.time_warp import with_short_claims, with_short_delay

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    """Start Azurite."""
    with start_azurite() as azurite:
        yield azurite


def _through(azurite: Azurite, service: str) -> tuple[Proxy, str]:
    proxy = Proxy(service.lower(), azurite.ports[service])
    return proxy, azurite.connection_string.replace(f":{azurite.ports[service]}/", f":{proxy.port}/")


def test_a_message_waits_no_longer_than_the_limit(azurite: Azurite) -> None:
    """A delay of an hour becomes two seconds; a delay of a second stays."""
    proxy, connection = _through(azurite, "Queue")
    proxy.rewrite = lambda request: with_short_delay(request, "waits", 2, "sandbox", azurite.key)
    with QueueClient.from_connection_string(connection, "waits", retry_total=0) as queue:
        queue.create_queue()
        began = datetime.now(UTC)
        shown = {wait: queue.send_message("x", visibility_timeout=wait, time_to_live=-1).next_visible_on
                 for wait in (1, 3600)}  # fmt: skip
    proxy.close()
    waits = {wait: (moment - began).total_seconds() for wait, moment in shown.items() if moment}
    assert 0 <= waits[1] <= 2
    assert 1 <= waits[3600] <= 3.5


def test_messages_of_other_queues_keep_their_delay(azurite: Azurite) -> None:
    """A probe that arrived early would find that it is not yet due."""
    request = Message(b"POST /sandbox/other/messages?visibilitytimeout=3600 HTTP/1.1\r\n\r\n")
    assert with_short_delay(request, "waits", 2, "sandbox", azurite.key) == request


def test_a_wrong_key_is_refused(azurite: Azurite) -> None:
    """The signature is real: storage checks it."""
    proxy, connection = _through(azurite, "Queue")
    proxy.rewrite = lambda request: with_short_delay(request, "refused", 2, "sandbox", "d3Jvbmc=")
    with QueueClient.from_connection_string(connection, "refused", retry_total=0) as queue:
        queue.create_queue()
        with pytest.raises(ClientAuthenticationError):
            queue.send_message("x", visibility_timeout=3600)
    proxy.close()


def test_a_claim_expires_sooner_and_the_row_is_written(azurite: Azurite) -> None:
    """The claim is shortened in a single write and in a batch; other columns stay."""
    proxy, connection = _through(azurite, "Table")
    proxy.rewrite = lambda request: with_short_claims(request, 5)
    late = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    row = {"PartitionKey": "p", "claimed_until": late, "told": "é"}
    with TableClient.from_connection_string(connection, "claims") as table:
        table.create_table()
        table.create_entity({**row, "RowKey": "1"})
        table.submit_transaction([("create", {**row, "RowKey": "2"}), ("create", {**row, "RowKey": "3"})])
        rows = list(table.list_entities())
    proxy.close()
    assert [row["told"] for row in rows] == ["é"] * 3
    for row in rows:
        assert datetime.fromisoformat(row["claimed_until"]) <= datetime.now(UTC) + timedelta(seconds=5)


def test_a_short_or_empty_claim_stays() -> None:
    """The body is not changed."""
    for text in ("", (datetime.now(UTC) + timedelta(seconds=1)).isoformat()):
        body = json.dumps({"claimed_until": text}).encode()
        assert with_short_claims(Message(b"PUT / HTTP/1.1\r\n\r\n", body, body), 5).body == body
