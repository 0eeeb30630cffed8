"""The operations of the Web API by method and path, and the refusal of everything else."""

from collections.abc import Callable

from sandbox.dataverse.api import functions, metadata, reading, role_actions, writing
from sandbox.dataverse.api.call import Answer, Call, addressed, row_id_of, set_of
from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import ApiError, invalid, no_set

ACTIONS = "Microsoft.Dynamics.CRM."
CUSTOMIZATIONS = ("serviceendpoint", "sdkmessageprocessingstep")
OPERATIONS: dict[str, Callable[[Call, Table, str], Answer]] = {
    "GET": reading.get, "PATCH": writing.patch, "DELETE": writing.delete,
}  # fmt: skip


def perform(call: Call) -> Answer:
    """Carry out a call whose user is known. Raises ApiError."""
    if not call.path or call.path == [""]:
        raise no_set("")
    name, inside = addressed(call.path[0]) if call.path[0] != "$metadata" else ("$metadata", None)
    if name in ("$metadata", "WhoAmI", "RetrieveCurrentOrganization"):
        return _function(call, name)
    if name == "EntityDefinitions":
        return _definition(call, inside)
    table = set_of(call.organization, name)
    if inside is None:
        return _collection(call, table)
    row_id = row_id_of(inside)
    if len(call.path) > 1:
        return _below(call, table, row_id)
    if call.method not in OPERATIONS:
        raise _not_allowed(call)
    if call.method == "PATCH" and table.name in CUSTOMIZATIONS:
        metadata.check_customizable(call.organization)
    return OPERATIONS[call.method](call, table, row_id)


def _collection(call: Call, table: Table) -> Answer:
    if len(call.path) > 1:
        raise no_set(call.path[1])
    if call.method == "GET":
        return reading.listed(call, table)
    if call.method == "POST":
        if table.name in CUSTOMIZATIONS:
            metadata.check_customizable(call.organization)
        return writing.post(call, table)
    raise _not_allowed(call)


def _function(call: Call, name: str) -> Answer:
    if call.method != "GET":
        raise _not_allowed(call)
    if len(call.path) > 1:
        raise no_set(call.path[1])
    if name == "RetrieveCurrentOrganization":
        _check_access_type(call)
        return functions.current_organization(call)
    return metadata.document(call) if name == "$metadata" else functions.own_user(call)


def _check_access_type(call: Call) -> None:
    """Raise ApiError (400) without the function's parameter AccessType."""
    text = call.path[0] + "".join(call.query.values())
    if "AccessType=" not in text or "EndpointAccessType'" not in text:
        raise invalid("The parameter AccessType of RetrieveCurrentOrganization is missing.", "0x80060888")


def _definition(call: Call, inside: str | None) -> Answer:
    rest = call.path[1:]
    if call.method == "GET":
        return metadata.definitions(call) if inside is None else metadata.definition(call, inside, rest)
    if call.method == "POST" and inside is not None and rest == ["Attributes"]:
        return metadata.add_column(call, inside)
    raise _not_allowed(call)


def _below(call: Call, table: Table, row_id: str) -> Answer:
    """Carry out an action or function of a row, or a write to a user's roles."""
    name, inside = addressed(call.path[1].removeprefix(ACTIONS))
    step = (call.method, table.name, name, len(call.path))
    bound = call.path[1].startswith(ACTIONS)
    if step == ("POST", "role", "AddPrivilegesRole", 2) and bound:
        return role_actions.add_privileges(call, row_id)
    if step == ("POST", "role", "RemovePrivilegeRole", 2) and bound:
        return role_actions.remove_privilege(call, row_id)
    if step == ("GET", "systemuser", "RetrieveUserPrivileges", 2) and bound:
        return functions.user_privileges(call, row_id)
    if step == ("GET", "role", "RetrieveRolePrivilegesRole", 2) and bound:
        return functions.role_privileges(call, row_id)
    if (table.name, name) == ("systemuser", role_actions.ROLES):
        return _roles(call, row_id, inside)
    raise no_set(call.path[1])


def _roles(call: Call, row_id: str, inside: str | None) -> Answer:
    if call.method == "GET" and len(call.path) == 2:
        return role_actions.roles_of(call, row_id)
    if call.path[2:] != ["$ref"]:
        raise no_set(call.path[-1])
    if call.method == "POST" and inside is None:
        return role_actions.give_role(call, row_id)
    if call.method == "DELETE":
        return role_actions.take_role(call, row_id, inside)
    raise _not_allowed(call)


def _not_allowed(call: Call) -> ApiError:
    text = f"The requested resource does not support http method '{call.method}'."
    return ApiError(405, "0x80060888", text)
