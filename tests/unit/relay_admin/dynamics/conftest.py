"""An environment that serves in a thread, and the command with an administrator's sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import AuthBase

from relay_admin.arguments import parser
from relay_admin.dynamics.command import of_environment
from relay_admin.dynamics.session import DynamicsSession
from relay_admin.output import Output
from tests.support.dataverse_world import APP, OTHER_APP, DataverseWorld, dataverse_world
from tests.support.receiver import Receiver, Reply, receiving
from tests.support.webhook_command import Command

Run = Callable[..., tuple[int, str]]


class SignedIn(AuthBase):
    """Adds the token of an app that may do everything."""

    def __init__(self, world: DataverseWorld, app: str) -> None:
        self._world, self._app = world, app

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token."""
        request.headers["Authorization"] = f"Bearer {self._world.token(self._app)}"
        return request


@pytest.fixture
def seed() -> dict[str, Any]:
    """The seed of the environment; tests replace it."""
    return {}


@pytest.fixture
def world(certificates: Path, seed: dict[str, Any]) -> Iterator[DataverseWorld]:
    """An environment whose first app is an administrator, and whose second one has no application user."""
    with dataverse_world(certificates, **{"applicationUsers": {APP: "administrator"}} | seed) as served:
        yield served


@pytest.fixture
def session(world: DataverseWorld) -> DynamicsSession:
    """A session of the administrator."""
    return DynamicsSession(world.url, SignedIn(world, APP), session=world.session)


@pytest.fixture
def run(world: DataverseWorld, session: DynamicsSession, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a verb for the second app, and returns its exit code and what it printed."""

    def ran(verb: str, *more: str, answer: str | None = None, app: str = OTHER_APP) -> tuple[int, str]:
        options = parser().parse_args(["dataverse", verb, "--environment", world.url, "--app-id", app, *more])
        out = Output(as_json=options.json)
        code = of_environment(None, out, options, open_session=lambda _: session, prompt=lambda _: answer)
        return code, " ".join(capsys.readouterr().out.split())

    return ran


@pytest.fixture
def command(world: DataverseWorld, session: DynamicsSession, capsys: pytest.CaptureFixture[str]) -> Command:
    """The verbs of webhooks, before anything was made."""
    return Command(world, session, capsys)


@pytest.fixture
def receiver(certificates: Path) -> Iterator[Receiver]:
    """An endpoint that accepts everything."""
    with receiving(certificates) as receiver:
        receiver.notification = lambda _post: Reply(200)
        yield receiver
