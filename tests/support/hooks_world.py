"""The relay over the sandbox's Graph and Dataverse, whose webhooks arrive at the relay's own route."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import azure.functions as func
import requests
from requests.auth import AuthBase

from functions.booking_hooks import receive
from relay_admin.dynamics.hooks import plans
from relay_admin.dynamics.hooks.state import read_hooks
from relay_admin.dynamics.session import DynamicsSession
from shared.key_vault import Secrets
from tests.support.dataverse_world import APP, OTHER_APP, DataverseWorld, dataverse_world
from tests.support.fake_vault import Vault
from tests.support.pairs_world import PairsWorld
from tests.support.receiver import Post, Receiver, Reply, receiving
from tests.support.world import vault

FIRST, SECOND = ("webhook-secret_" + str(number) * 32 for number in (1, 2))
NAME = "dataverse-hook-secret"


class HookedWorld(PairsWorld):
    """A relay whose route is served over https. `statuses`: the answers that it gave, in order of arrival."""

    def __init__(self, receiver: Receiver, dataverse: DataverseWorld, folder: Path) -> None:
        super().__init__(dataverse, folder)
        self.vault: Vault = vault()
        self.vault.secrets[NAME] = [FIRST]
        self.secrets = Secrets(lambda: self.vault, lambda: 300.0)
        self.receiver, self.statuses = receiver, list[int]()
        receiver.notification = self._answer

    @property
    def session(self) -> DynamicsSession:
        """A session of an administrator of the environment."""
        world = self.dataverse

        class SignedIn(AuthBase):
            def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
                """Add a token."""
                request.headers["Authorization"] = f"Bearer {world.token(OTHER_APP)}"
                return request

        return DynamicsSession(world.url, SignedIn(), session=world.session)

    def register(self, secret: str = FIRST) -> None:
        """Make the endpoint and its steps as `setup` does."""
        session = self.session
        for step in plans.setup(read_hooks(session), self.receiver.url, secret, ""):
            session.make(step)

    def arrive(self) -> dict[str, int]:
        """Let Dataverse send all webhooks that wait, and return its counters."""
        return dict(self.dataverse.control("POST", "/hooks/flush"))

    def post(self, body: bytes, secret: str = FIRST, **headers: str) -> func.HttpResponse:
        """Send a body to the route; names of headers have _ instead of -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"content-type": "application/json; charset=utf-8", "x-calendar-relay-secret": secret} | named
        url = "https://relay.example/api/dataverse/notifications"
        return receive(func.HttpRequest("POST", url, headers=given, body=body), self)

    def _answer(self, post: Post) -> Reply:
        request = func.HttpRequest("POST", self.receiver.url, headers=post.headers, body=post.body)
        answer = receive(request, self)
        self.statuses.append(answer.status_code)
        return Reply(answer.status_code)


@contextmanager
def hooks_world(folder: Path, **seed: Any) -> Iterator[HookedWorld]:
    """Serve an environment and the relay's route; nothing is registered yet."""
    users = {"applicationUsers": {APP: "full", OTHER_APP: "administrator"}}
    with dataverse_world(folder, **users | seed) as dataverse, receiving(folder) as receiver:
        world = HookedWorld(receiver, dataverse, folder)
        try:
            yield world
        finally:
            world.end()
