"""Bodies of writes: each property is checked against its column, and converted to what is stored.

Dataverse: Create a table row using the Web API; Associate and disassociate table rows (@odata.bind); Behavior and
format of the date and time column. Stricter than Dataverse: read-only columns are refused, where it may ignore them.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.dataverse.api.call import Call, reference
from sandbox.dataverse.columns import Column, Table
from sandbox.dataverse.errors import UNDECLARED, ApiError, invalid, no_row, undeclared
from sandbox.dataverse.rows import is_id

BIND = "@odata.bind"
TIME = re.compile(r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?)?(Z|[+-]\d\d:\d\d)?$")


def columns_of(call: Call, table: Table, *, creates: bool) -> dict[str, Any]:
    """Return the columns of a body. Raises ApiError: 400, or 404 for a row that it leads to and that does not exist."""
    columns: dict[str, Any] = {}
    for name, value in call.json_object().items():
        if name.endswith(BIND):
            columns |= _bound(call, table, name.removesuffix(BIND), value)
        elif "@odata." not in name:
            columns |= _plain(table, name, value, creates=creates)
    if creates:
        _require(table, columns)
    return columns


def _bound(call: Call, table: Table, name: str, value: Any) -> dict[str, Any]:
    """Return a lookup by the address of its row; the navigation property's name is case-sensitive."""
    column = table.by_navigation(name)
    if column is None:
        raise undeclared(name, table.name)
    if not column.writable:
        raise _read_only(name, table)
    target, row_id = reference(call.organization, value)
    if target.name not in column.targets:
        raise invalid(f"The property '{name}' does not lead to '{target.set}'.", UNDECLARED)
    if call.organization.rows.get(target.name, row_id) is None:
        raise no_row(target.name, row_id)
    return {column.name: row_id}


def _plain(table: Table, name: str, value: Any, *, creates: bool) -> dict[str, Any]:
    """Return a column by its value; of a lookup only null, by its navigation property."""
    if (by_navigation := table.by_navigation(name)) is not None and value is None and by_navigation.writable:
        return {by_navigation.name: _checked(by_navigation, None, table)}
    column = table.columns.get(name)
    if column is None or column.kind == "lookup":
        if table.by_property(name) is not None:
            text = "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead."
            raise invalid(text, UNDECLARED)
        raise undeclared(name, table.name)
    if name == table.key and creates:
        return {name: _checked(column, value, table)}
    if not column.writable:
        raise _read_only(name, table)
    return {name: _checked(column, value, table)}


def _require(table: Table, columns: dict[str, Any]) -> None:
    """Raise ApiError (400) for a required column that has neither a value nor a default."""
    for column in table.columns.values():
        if column.required and column.default is None and columns.get(column.name) is None:
            raise invalid(f"Required field '{column.name}' is missing on entity '{table.name}'.", "0x80040203")


def _checked(column: Column, value: Any, table: Table) -> Any:
    """Return a value as it is stored. Raises ApiError (400) when it does not fit its column."""
    if value is None:
        if column.required:
            raise invalid(f"The field '{column.name}' of '{table.name}' cannot be null.", "0x80040203")
        return None
    converted = CONVERTERS[column.kind](column, value)
    if converted is None:
        text = f"Cannot convert the literal '{value}' to the expected type of '{column.name}'."
        raise invalid(f"Error identified in Payload provided by the user for Entity :'{table.name}'. {text}",
                      UNDECLARED)  # fmt: skip
    return converted


def _text(column: Column, value: Any) -> Any:
    if not isinstance(value, str):
        return None
    if len(value.encode("utf-16-le", "surrogatepass")) // 2 > column.longest:  # stored as UTF-16
        text = f"The length of the '{column.name}' attribute exceeded the maximum allowed length of '{column.longest}'."
        raise invalid(f"A validation error occurred. {text}", "0x80044331")
    return value


def _integer(column: Column, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    if not column.least <= value <= column.most:
        raise _outside(column, value)
    return value


def _choice(column: Column, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    if value not in column.options:
        raise _outside(column, value)
    return value


def _boolean(_column: Column, value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _time(_column: Column, value: Any) -> Any:
    """Return an aware time in UTC without fractions; a text without an offset is UTC."""
    if not isinstance(value, str) or not TIME.match(value):
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"\.\d+", "", value))
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _guid(_column: Column, value: Any) -> Any:
    return value.lower() if isinstance(value, str) and is_id(value) else None


CONVERTERS = {
    "text": _text, "integer": _integer, "choice": _choice, "boolean": _boolean, "time": _time, "guid": _guid,
    "lookup": _guid,
}  # fmt: skip


def _outside(column: Column, value: int) -> ApiError:
    """Return the 400 for a value outside of its range."""
    text = f"A validation error occurred. The value '{value}' of '{column.name}' is outside the valid range."
    return invalid(text, "0x80044330" if column.kind == "integer" else "0x8004431a")


def _read_only(name: str, table: Table) -> ApiError:
    return invalid(f"The property '{name}' of '{table.name}' is read-only.", UNDECLARED)
