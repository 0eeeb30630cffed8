"""What the verbs of `dataverse` do with the webhooks: setup, rotate, solution, and the steps with hold and release."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay_admin.client import RelayClient, checked
from relay_admin.dynamics.hooks import plans, steps
from relay_admin.dynamics.hooks.proof import Clock, is_proven
from relay_admin.dynamics.hooks.secret import OF_A_FILE, NewSecret, OpenVault, new_secret, unfinished
from relay_admin.dynamics.hooks.solution import solution_file
from relay_admin.dynamics.hooks.state import HookState, read_hooks
from relay_admin.dynamics.session import DynamicsSession
from relay_admin.dynamics.steps import Step
from relay_admin.errors import OK, CommandError, Refused, UsageError
from relay_admin.key_vault import vault_at
from relay_admin.output import Output

BLOCKED = (
    "Unmanaged customizations are blocked here, so no webhook is made: import the file of `dataverse solution` with "
    "your pipeline, then run rotate. Without webhooks the timer finds each change within six minutes."
)
Agree = Callable[[Sequence[Step]], bool]


@dataclass(frozen=True, slots=True)
class HookCommand:
    """The environment, and what else the verbs use. `agree` shows changes and asks whether to make them."""

    session: DynamicsSession
    out: Output
    options: Namespace
    agree: Agree
    open_vault: OpenVault = vault_at
    clock: Clock = field(default_factory=Clock)

    def setup(self, relay: RelayClient | None, *, blocked: bool) -> dict[str, Any]:
        """Make endpoint, steps and secret, and wait for a first webhook. Return what a script reads."""
        state, url = read_hooks(self.session), _address(self.options.url)
        if blocked and state.endpoint is None:
            self.out.line(BLOCKED)
            return {"done": False, "proven": False}
        wanted = plans.setup(state, url, "", "")
        if not wanted:
            self.out.line("The webhooks are as they should be.")
        elif not self.agree(wanted):
            return {"done": False, "proven": False}
        else:
            self._make(state, url)
        return {"done": bool(wanted), "proven": is_proven(relay, self.out, self.options.wait, self.clock)}

    def rotate(self) -> int:
        """Give vault and endpoint a new secret. After a run that broke off, the endpoint gets the one in the vault."""
        state = read_hooks(self.session)
        if state.endpoint is None:
            raise Refused("There is no webhook endpoint", "Make it: dataverse setup --webhooks --url ADDRESS.")
        if not self.agree([steps.give_secret("", "")]):
            return OK
        note = str(state.endpoint.get("description") or "")
        given = unfinished(self.options, note, self.open_vault) or new_secret(self.options, self.open_vault)
        self._send(steps.give_secret(given.value, given.note))
        self.out.line("The endpoint has the new secret. The relay accepts it in ten seconds, and the one before it.")
        self.out.line("After a leak, disable the version before it in the vault: az keyvault secret set-attributes.")
        self.out.data({"done": True, "note": given.note})
        return OK

    def solution(self) -> int:
        """Write a solution file with endpoint and steps, without the secret. Nothing is changed."""
        content = solution_file(read_hooks(self.session), _address(self.options.url))
        try:
            Path(self.options.file).write_bytes(content)
        except OSError:
            raise UsageError("The file cannot be written", "Check its name: --file.") from None
        self.out.line(f"{self.options.file}: import it with your pipeline. It holds no secret: then run rotate.")
        self.out.data({"file": self.options.file})
        return OK

    def switch(self, *, enabled: bool) -> int:
        """Enable the steps, or disable them, and return how many were changed."""
        requests = plans.switched(read_hooks(self.session), enabled=enabled)
        for step in requests:
            self.out.line(step.why)
            self._send(step)
        return len(requests)

    def _make(self, state: HookState, url: str) -> None:
        """Put the secret into the vault first: without it no webhook would be accepted. An endpoint keeps its own."""
        is_new = state.endpoint is None
        given = new_secret(self.options, self.open_vault) if is_new else NewSecret("", OF_A_FILE)
        for step in plans.setup(state, url, given.value, given.note):
            self._send(step)

    def _send(self, step: Step) -> None:
        """Make a change. Raises CommandError, which says how to go on."""
        try:
            self.session.make(step)
        except CommandError as error:
            what_to_do = f"{error.what_to_do} Then run the same command again: it goes on where this one ended."
            raise type(error)(error.title, what_to_do, error.status) from None


def _address(url: str | None) -> str:
    """Return the address of the relay's route. Raises UsageError."""
    if not url:
        raise UsageError("The relay's address is missing", "Give --url https://YOUR-APP.azurewebsites.net.")
    return checked(url) + steps.ROUTE
