"""The relay that most end-to-end tests share, with all features on and their permissions granted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.certificates import make_certificates
from shared.features import BY_NAME
from tests.support.directory_world import directory_world
from tests.support.entra_command import OF_API, OF_CALLER, EntraCommand
from tests.support.relay import FEATURE_ROLES, Relay

FOLDER = Path(__file__).parent
FEATURES = {
    "FEATURES": ",".join(("relay", *BY_NAME)), "INVITEES": "@contoso.com,@fabrikam.com",
    "DATAVERSE_RESOURCES": "column:new_calendarrelay",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every end-to-end test with `server`."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker("server")


@pytest.fixture(scope="session")
def shared_relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start the relay that most tests share."""
    with Relay.running(tmp_path_factory.mktemp("stack"), FEATURES, dataverse={}) as relay:
        yield relay


@pytest.fixture
def relay(shared_relay: Relay) -> Iterator[Relay]:
    """Return the shared relay; before the test, permissions are granted; after it, faults are removed."""
    shared_relay.tenant.control("POST", f"/clients/{shared_relay.client_id}", {"roles": FEATURE_ROLES})
    shared_relay.tenant.grant_in_exchange(shared_relay.client_id, "Calendars.Read", "Calendars.ReadWrite")
    yield shared_relay
    shared_relay.clear()


@pytest.fixture(scope="session")
def directory_certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a CA and a server certificate."""
    made = tmp_path_factory.mktemp("directory")
    make_certificates(made)
    return made


@pytest.fixture
def entra(directory_certificates: Path, tmp_path: Path) -> Iterator[EntraCommand]:
    """Return the command of an administrator who is signed in.

    The tenant has the relay without roles, a registration without anything, and the partner's app elsewhere.
    """
    with directory_world(directory_certificates) as world:
        yield EntraCommand.signed_in(world, tmp_path, directory_certificates / "ca.pem")


@pytest.fixture
def prepared(entra: EntraCommand) -> EntraCommand:
    """Return the command after the API and the partner were granted."""
    for arguments in (OF_API, OF_CALLER):
        done = entra("grant", *arguments, "--yes")
        assert done.code == 0, done.out + done.err
    return entra
