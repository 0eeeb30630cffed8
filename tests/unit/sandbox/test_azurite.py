"""Starting and stopping Azurite."""

from pathlib import Path

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.queue import QueueClient

from sandbox.azurite import start_azurite

pytestmark = pytest.mark.server


def _queue(connection: str) -> QueueClient:
    """Return a client that fails immediately when no server listens."""
    return QueueClient.from_connection_string(connection, "claims", retry_total=0)


def test_what_is_kept_on_disk_outlives_the_process(tmp_path: Path) -> None:
    """A message written before a stop still exists after the next start from the same folder."""
    with start_azurite(tmp_path / "storage") as first:
        _queue(first.connection_string).create_queue()
        _queue(first.connection_string).send_message("kept")
    with start_azurite(tmp_path / "storage") as second:
        message = _queue(second.connection_string).receive_message()
    assert message is not None
    assert message.content == "kept"


def test_two_run_side_by_side_and_end_when_left() -> None:
    """Each has its own ports and its own data in memory, and stops listening afterwards."""
    with start_azurite() as one, start_azurite() as other:
        assert not set(one.ports.values()) & set(other.ports.values())
        _queue(one.connection_string).create_queue()
        _queue(other.connection_string).create_queue()  # a shared store would answer 409
    assert one.process.poll() is not None
    with pytest.raises(ServiceRequestError):
        _queue(one.connection_string).create_queue()
