"""Which changes `setup` and `undo` need, and what `check` finds. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from relay_admin.dynamics import steps
from relay_admin.dynamics.environment import EnvironmentState
from relay_admin.dynamics.steps import Step

_DEACTIVATED = (
    "the application user: assign the bookings that it owns to somebody else, then delete it in the Power Platform "
    "admin center"
)


@dataclass(frozen=True, slots=True)
class Undo:
    """The four lists of an undo, and its requests."""

    removed: tuple[str, ...]
    deactivated: tuple[str, ...]
    left: tuple[str, ...]
    impossible: tuple[str, ...]
    requests: tuple[Step, ...]


def setup(state: EnvironmentState, app_id: str, column: str, url: str) -> tuple[Step, ...]:
    """Return what is missing: the role with its rights, the application user, and the column if it is wanted."""
    return (*_role(state), *_user(state, app_id, url), *_column(state, column))


def surplus(state: EnvironmentState) -> dict[str, str]:
    """Return the rights of the role that nobody asked for, ids by name; a new role has about nine."""
    return {name: each for name, (each, _) in (state.role or {}).items() if name not in state.rights}


def missing(state: EnvironmentState) -> dict[str, str]:
    """Return the rights that the role lacks, or has for a part of the organization only."""
    held = {name for name, (_, depth) in (state.role or {}).items() if depth == "Global"}
    return {name: each for name, each in state.rights.items() if name not in held}


def undo(state: EnvironmentState, column: str) -> Undo:
    """Return the four lists: the application user cannot be deleted while it owns the bookings that it made."""
    has_user = state.has_user and not state.is_disabled
    requests = ((steps.delete_role(),) if state.role is not None else ()) + (
        (steps.enable_user(state.user_id, disabled=True),) if has_user else ()
    )
    return Undo(
        removed=(f"the security role “{steps.ROLE_NAME}”",) if state.role is not None else (),
        deactivated=(_DEACTIVATED,) if has_user else (),
        left=(
            *((f"the column {column.lower()} with what people marked",) if state.has_column else ()),
            "the events in Outlook and the bookings in Dynamics 365, which people may use",
        ),
        impossible=("change tracking of bookings stays on: Dataverse cannot switch it off",)
        if state.tracks_bookings
        else (),
        requests=requests,
    )


def problems(state: EnvironmentState, column: str) -> list[str]:
    """Return what stands against the feature, a sentence for each."""
    lines = [f"The role lacks {name} for the organization: run setup." for name in sorted(missing(state))]
    if state.role is not None and (more := sorted(surplus(state))):
        lines.append(f"The role has {', '.join(more)}, which the relay does not need: run setup.")
    if not state.has_user:
        lines.append("The application user is missing: run setup.")
    elif state.is_disabled:
        lines.append("The application user is disabled: run setup.")
    elif not state.has_role:
        lines.append("The application user does not have the role: run setup, or check the role that it has instead.")
    if column and not state.has_column:
        lines.append(f"Bookable resources have no column {column.lower()}: run setup, or list the resources by id.")
    if not state.tracks_bookings:
        lines.append(
            "Change tracking of bookings is off: deletions are found at night only. Switch it on in the table."
        )
    if state.direction != "to-outlook" and not state.has_etags:
        lines.append("Bookings have no optimistic concurrency: with this direction every change would be refused.")
    if state.behavior != "UserLocal":
        lines.append(f"starttime is {state.behavior} and not UserLocal: the relay refuses to start.")
    return lines


def _role(state: EnvironmentState) -> tuple[Step, ...]:
    making = (steps.make_role(state.business_unit),) if state.role is None else ()
    lacking = missing(state)
    adding = (steps.add_rights(lacking),) if lacking else ()
    return (*making, *adding, *(steps.remove_right(name, each) for name, each in sorted(surplus(state).items())))


def _user(state: EnvironmentState, app_id: str, url: str) -> tuple[Step, ...]:
    making = () if state.has_user else (steps.make_user(state.user_id, app_id, state.business_unit),)
    enabling = (steps.enable_user(state.user_id, disabled=False),) if state.is_disabled else ()
    return (*making, *enabling, *(() if state.has_role else (steps.give_role(state.user_id, url),)))


def _column(state: EnvironmentState, column: str) -> tuple[Step, ...]:
    is_wanted = column and not state.has_column and not state.blocks_customizations
    return (steps.make_column(column),) if is_wanted else ()
