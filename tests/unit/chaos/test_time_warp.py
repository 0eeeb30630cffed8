"""Waits are cut short, and storage still takes the requests for signed by their owner."""

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
    """Start the storage."""
    with start_azurite() as azurite:
        yield azurite


def _through(azurite: Azurite, service: str) -> tuple[Proxy, str]:
    proxy = Proxy(service.lower(), azurite.ports[service])
    return proxy, azurite.connection_string.replace(f":{azurite.ports[service]}/", f":{proxy.port}/")


def test_a_message_waits_no_longer_than_is_said(azurite: Azurite) -> None:
    """One of an hour shows after two seconds; one of a second is left alone."""
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


def test_the_messages_of_other_queues_wait_as_they_are_told(azurite: Azurite) -> None:
    """A probe that came before its time would find that it is not yet due."""
    request = Message(b"POST /sandbox/other/messages?visibilitytimeout=3600 HTTP/1.1\r\n\r\n")
    assert with_short_delay(request, "waits", 2, "sandbox", azurite.key) == request


def test_without_the_right_key_it_is_refused(azurite: Azurite) -> None:
    """The signature is a real one: storage checks it."""
    proxy, connection = _through(azurite, "Queue")
    proxy.rewrite = lambda request: with_short_delay(request, "refused", 2, "sandbox", "d3Jvbmc=")
    with QueueClient.from_connection_string(connection, "refused", retry_total=0) as queue:
        queue.create_queue()
        with pytest.raises(ClientAuthenticationError):
            queue.send_message("x", visibility_timeout=3600)
    proxy.close()


def test_a_claim_ends_sooner_and_the_row_is_written(azurite: Azurite) -> None:
    """By itself and in a batch; what else is in the row stays."""
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


def test_a_claim_that_ends_soon_or_is_none_stays() -> None:
    """No byte is altered."""
    for text in ("", (datetime.now(UTC) + timedelta(seconds=1)).isoformat()):
        body = json.dumps({"claimed_until": text}).encode()
        assert with_short_claims(Message(b"PUT / HTTP/1.1\r\n\r\n", body, body), 5).body == body
