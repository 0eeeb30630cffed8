"""The verbs of `relay_admin dataverse` that have to do with webhooks, with a vault, a relay and a clock in memory."""

from __future__ import annotations

from typing import Any

from relay_admin.arguments import parser
from relay_admin.dynamics.command import of_environment, of_relay, of_webhooks
from relay_admin.dynamics.hooks.proof import Clock
from relay_admin.dynamics.hooks.steps import ENDPOINT_ID, STEP_IDS
from relay_admin.dynamics.session import DynamicsSession
from relay_admin.key_vault import Vault as VaultOfTheCommand
from relay_admin.output import Output
from tests.support.dataverse_world import OTHER_APP, DataverseWorld
from tests.support.fake_vault import Vault

NAME = "dataverse-hook-secret"
URL = "https://relay.azurewebsites.net"
ROUTE = "/api/dataverse/notifications"


class WritableVault(Vault):
    """A vault whose secrets can be set."""

    def set_secret(self, name: str, value: str, **_: Any) -> Any:
        """Add a version."""
        self._answer(f"set {name}")
        self.secrets.setdefault(name, []).append(value)
        return self.get_secret(name)


class Relay:
    """Answers with one time after another; the last one stays."""

    def __init__(self, *times: str | None) -> None:
        self.times = list(times)

    def call(self, *_: Any) -> dict[str, Any]:
        """Return the state."""
        return {"lastWebhookAt": self.times.pop(0) if len(self.times) > 1 else self.times[0]}


class Command:
    """Runs verbs against an environment, with a vault and a clock that does not wait."""

    def __init__(self, world: DataverseWorld, session: DynamicsSession, capsys: Any) -> None:
        self.world, self.session, self.capsys = world, session, capsys
        self.vault = WritableVault(**{NAME: list[str]()})
        self.seconds = 0.0

    def run(self, verb: str, *more: str, relay: Any = None, answer: str | None = None) -> tuple[int, str]:
        """Run a verb and return its exit code and what it printed."""
        app = ("--app-id", OTHER_APP) if verb in ("setup", "check", "undo") else ()
        options = parser().parse_args(["dataverse", verb, "--environment", self.world.url, *app, *more])
        out, named = Output(as_json=options.json), {"open_session": lambda _: self.session, "prompt": lambda _: answer}
        if verb in ("hold", "release"):
            code = of_relay(relay, out, options, open_session=lambda _: self.session)
        elif verb in ("rotate", "solution"):
            code = of_webhooks(None, out, options, open_vault=self.open, **named)  # type: ignore[arg-type]
        else:
            clock = Clock(lambda: self.seconds, self.sleep)
            code = of_environment(relay, out, options, open_vault=self.open, clock=clock, **named)  # type: ignore[arg-type]
        return code, " ".join(self.capsys.readouterr().out.split())

    def setup(self, *more: str, **named: Any) -> str:
        """Run setup with webhooks and return what it printed."""
        return self.run("setup", "--webhooks", "--url", URL, "--vault", "v", "--yes", *more, **named)[1]

    def open(self, _: str | None) -> VaultOfTheCommand:
        """Open the vault."""
        return VaultOfTheCommand(self.vault)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds

    def row(self, name: str) -> dict[str, Any]:
        """Return the row of a step, or of the endpoint ("")."""
        path = f"sdkmessageprocessingsteps({STEP_IDS[name]})" if name else f"serviceendpoints({ENDPOINT_ID})"
        return self.world.get(path)

    def given(self) -> str:
        """Return the header's value that the endpoint sends; the Web API does not show it."""
        row = self.world.organization.rows.get("serviceendpoint", ENDPOINT_ID)
        return str((row or {})["authvalue"]).partition('value="')[2].partition('"')[0]
