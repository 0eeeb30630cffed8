"""Which changes the webhooks need, and what `check` finds of them. Pure."""

from __future__ import annotations

from relay_admin.dynamics.hooks import steps
from relay_admin.dynamics.hooks.state import HookState
from relay_admin.dynamics.hooks.steps import AFTER, ASYNCHRONOUS, DISABLED, HTTP_HEADER, STEP_IDS, WEBHOOK
from relay_admin.dynamics.steps import Step


def setup(state: HookState, url: str, secret: str, note: str) -> tuple[Step, ...]:
    """Return what is missing or differs. The endpoint of an earlier run keeps its secret.

    `secret` and `note`: for an endpoint that is to be made.
    """
    if state.endpoint is None:
        first: tuple[Step, ...] = (steps.make_endpoint(url, secret, note),)
    else:
        first = () if state.endpoint.get("url") == url else (steps.lead_endpoint(url),)
    return (*first, *_steps(state), *_filtering(state), *switched(state, enabled=True))


def undo(state: HookState) -> tuple[Step, ...]:
    """Return the deletions: the steps first, because they hold the endpoint."""
    endpoint = () if state.endpoint is None else (steps.delete_endpoint(),)
    return (*(steps.delete_step(name) for name in state.steps), *endpoint)


def switched(state: HookState, *, enabled: bool) -> tuple[Step, ...]:
    """Return the changes that enable or disable the steps that are there."""
    return tuple(
        steps.switch_step(name, enabled=enabled) for name, row in state.steps.items() if _is_enabled(row) != enabled
    )


def problems(state: HookState) -> list[str]:
    """Return what stands against the webhooks, a sentence for each; nothing while none were made."""
    if state.endpoint is None and not state.steps:
        return []
    lines = [f"The webhook step of {name} is missing: run setup." for name in STEP_IDS if name not in state.steps]
    lines += [f"The webhook step of {name} is disabled: run release, or setup." for name, row in state.steps.items()
              if not _is_enabled(row)]  # fmt: skip
    lines += [f"The webhook step of {name} was changed: run undo, then setup." for name, row in state.steps.items()
              if (row.get("mode"), row.get("stage")) != (ASYNCHRONOUS, AFTER)]  # fmt: skip
    if _filtering(state):
        lines.append("The webhook step of Update has other columns: run setup.")
    if state.endpoint is None:
        lines.append("The webhook endpoint is missing: run undo, then setup.")
    elif (state.endpoint.get("contract"), state.endpoint.get("authtype")) != (WEBHOOK, HTTP_HEADER):
        lines.append("The webhook endpoint was changed: run undo, then setup.")
    if state.failed:
        lines.append(
            f"{state.failed} webhooks failed: look at their system jobs. Nothing is lost, since the timer reads all "
            "changes. After 401, run rotate."
        )
    return lines


def _steps(state: HookState) -> tuple[Step, ...]:
    return tuple(
        steps.make_step(name, *state.messages[name], state.columns) for name in STEP_IDS if name not in state.steps
    )


def _filtering(state: HookState) -> tuple[Step, ...]:
    row = state.steps.get("Update")
    has = {each.strip() for each in str((row or {}).get("filteringattributes") or "").split(",")}
    return () if row is None or has == set(state.columns) else (steps.filter_step(state.columns),)


def _is_enabled(row: dict[str, object]) -> bool:
    return row.get("statecode") != DISABLED
