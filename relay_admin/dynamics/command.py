"""The command `dataverse`: verbs of the environment with the administrator's own sign-in, and verbs of the relay."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.dynamics import plans
from relay_admin.dynamics.environment import EnvironmentState, read
from relay_admin.dynamics.hooks import plans as hook_plans
from relay_admin.dynamics.hooks.command import HookCommand
from relay_admin.dynamics.hooks.proof import Clock
from relay_admin.dynamics.hooks.secret import OpenVault
from relay_admin.dynamics.hooks.state import read_hooks
from relay_admin.dynamics.rights import Purpose
from relay_admin.dynamics.session import PATH, DynamicsSession
from relay_admin.dynamics.steps import Step
from relay_admin.entra.command import answered
from relay_admin.entra.graph import checked
from relay_admin.entra.sign_in import CliToken, cli_credential
from relay_admin.errors import FAILED, OK, UsageError
from relay_admin.key_vault import vault_at
from relay_admin.output import Output, counted

Prompt = Callable[[str], str | None]
Open = Callable[[Namespace], DynamicsSession]
CLOCK = Clock()
WITHOUT_CHANGES = (
    "Nothing has to be made by this command. Fully supported: give the application user the rights by hand, list the "
    "resources by id in DATAVERSE_RESOURCES, and let the timer find the changes."
)
BLOCKED = (
    "Unmanaged customizations are blocked here, so no column is made: list the resources by id, or add the column with "
    "a solution of your own."
)


def connect(options: Namespace) -> DynamicsSession:
    """Return a session with the sign-in of az or azd. Raises UsageError for an address that is none."""
    try:
        url = checked(options.environment)
    except UsageError:
        text = "Give --environment https://YOUR-ORGANIZATION.crm4.dynamics.com, as in DATAVERSE_URL."
        raise UsageError("The address of the environment is invalid", text) from None
    return DynamicsSession(url, CliToken(url, options.tenant, cli_credential(options.tenant)))


def of_environment(
    relay: RelayClient | None, out: Output, options: Namespace, *, open_session: Open = connect,
    prompt: Prompt = answered, open_vault: OpenVault = vault_at, clock: Clock = CLOCK,
) -> int:  # fmt: skip
    """Run setup, check or undo. `relay` tells whether webhooks arrive; None without a key or token for it."""
    session = open_session(options)
    purpose = Purpose(options.direction, options.owner, getattr(options, "webhooks", False))
    state = read(session, options.app_id, options.column, purpose)
    if options.verb == "check":
        return _check(out, [*plans.problems(state, options.column), *hook_plans.problems(read_hooks(session))])
    if options.verb == "undo":
        return _undo(session, out, options, state, prompt)
    content = _setup(session, out, options, state, prompt)
    if options.webhooks:
        hooks = _hook_command(session, out, options, prompt, open_vault, clock)
        content["webhooks"] = hooks.setup(relay, blocked=state.blocks_customizations)
    out.data(content)
    return OK


def of_webhooks(
    _: object, out: Output, options: Namespace, *, open_session: Open = connect, prompt: Prompt = answered,
    open_vault: OpenVault = vault_at,
) -> int:  # fmt: skip
    """Run rotate or solution."""
    hooks = _hook_command(open_session(options), out, options, prompt, open_vault, CLOCK)
    return hooks.rotate() if options.verb == "rotate" else hooks.solution()


def of_relay(relay: RelayClient, out: Output, options: Namespace, *, open_session: Open = connect) -> int:
    """Run plan, start, status, hold or release at the relay, and print its answer. A plan with findings has FAILED.

    hold and release of the whole feature also disable and enable the webhook steps of --environment.
    """
    session = _session_of_steps(options, open_session)
    if options.verb == "status":
        answer = relay.call("GET", "/dataverse")
    else:
        answer = relay.call("POST", f"/dataverse/{options.verb}", _body(options))
    out.data(answer)
    for name, value in answer.items():
        out.line(f"{name}: {_shown(value)}")
    if session is not None:
        HookCommand(session, out, options, lambda _: True).switch(enabled=options.verb == "release")
    return FAILED if options.verb == "plan" and answer.get("findings") else OK


def _session_of_steps(options: Namespace, open_session: Open) -> DynamicsSession | None:
    if not getattr(options, "environment", ""):
        return None
    if options.mailbox:
        raise UsageError("The webhook steps belong to all mailboxes", "Leave out --environment, or --mailbox.")
    return open_session(options)


def _hook_command(
    session: DynamicsSession, out: Output, options: Namespace, prompt: Prompt, open_vault: OpenVault, clock: Clock
) -> HookCommand:
    return HookCommand(
        session, out, options, lambda requests: _is_wanted(out, options, requests, prompt), open_vault, clock
    )


def _body(options: Namespace) -> dict[str, Any]:
    if options.verb == "start":
        return {"sandbox": True} if options.sandbox else {}
    return {"mailbox": options.mailbox} if getattr(options, "mailbox", "") else {}


def _shown(value: Any) -> str:
    """Return a value as a text: lists and objects with a line for each item."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "none"
    if isinstance(value, list):
        return "".join(f"\n  {_shown(each)}" for each in value) or "none"
    return "none" if value is None else str(value)


def _check(out: Output, lines: Sequence[str]) -> int:
    out.data({"problems": list(lines)})
    for line in lines or ["Nothing is missing."]:
        out.line(line)
    return FAILED if lines else OK


def _setup(
    session: DynamicsSession, out: Output, options: Namespace, state: EnvironmentState, prompt: Prompt
) -> dict[str, Any]:
    """Make role, user and column, and return what a script reads."""
    requests = plans.setup(state, options.app_id, options.column, session.url + PATH.rstrip("/"))
    out.line(WITHOUT_CHANGES)
    out.line(f"The role for {state.direction} ({state.role_kind}) needs, for the whole organization:")
    for name, each in sorted(state.rights.items()):
        out.line(f"  {name} {each}")
    if options.column and state.blocks_customizations and not state.has_column:
        out.line(BLOCKED)
    is_done = _carry_out(session, out, options, requests, prompt)
    if is_done:  # what a new role has unasked is known only now
        again = read(session, options.app_id, options.column, Purpose(state.direction, options.owner))
        for step in plans.setup(again, options.app_id, options.column, session.url + PATH.rstrip("/")):
            out.line(step.why)
            session.make(step)
    return {
        "done": is_done, "direction": state.direction, "rights": state.rights,
        "changes": [step.why for step in requests], "blocksCustomizations": state.blocks_customizations,
    }  # fmt: skip


def _undo(session: DynamicsSession, out: Output, options: Namespace, state: EnvironmentState, prompt: Prompt) -> int:
    undo, hooks = plans.undo(state, options.column), hook_plans.undo(read_hooks(session))
    removed = (*undo.removed, *(("the webhooks: endpoint and steps",) if hooks else ()))
    lists = {"removed": removed, "deactivated": undo.deactivated, "left on purpose": undo.left,
             "impossible": undo.impossible}  # fmt: skip
    for name, texts in lists.items():
        out.line(f"{name}: {'; '.join(texts) or 'nothing'}")
    is_done = _carry_out(session, out, options, (*hooks, *undo.requests), prompt)
    out.data({"done": is_done} | {name: list(texts) for name, texts in lists.items()})
    return OK


def _carry_out(
    session: DynamicsSession, out: Output, options: Namespace, requests: Sequence[Step], prompt: Prompt
) -> bool:
    """Show the changes, ask, and make them. Return whether they were made. Raises UsageError if nobody can answer."""
    if not _is_wanted(out, options, requests, prompt):
        return False
    for step in requests:
        session.make(step)
    out.line(f"Done: {counted(len(requests), 'change')}.")
    return True


def _is_wanted(out: Output, options: Namespace, requests: Sequence[Step], prompt: Prompt) -> bool:
    """Show changes and return whether to make them."""
    for number, step in enumerate(requests, 1):
        out.line(f"{number}. {step.why}")
    if not requests:
        out.line("Nothing is to be changed.")
        return False
    if not _agreed(options, len(requests), prompt):
        out.line("Nothing was changed.")
        return False
    return True


def _agreed(options: Namespace, number: int, prompt: Prompt) -> bool:
    if options.yes:
        return True
    answer = None if options.json else prompt(f"Make {counted(number, 'change')}? [y/N] ")
    if answer is None:
        raise UsageError("Nobody can answer here, so nothing was changed", "Add --yes to make the changes.")
    return answer.strip().lower() in ("y", "yes")
