"""Change tracking: a first walk over all rows, and walks over what changed since a token.

Dataverse: Use change tracking to synchronize data with external systems. Deletions come after all changed rows; a row
that was made and deleted in between comes as deleted. A token is void after the organization's number of days.
"""

import heapq
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from sandbox.dataverse.api.call import Answer, Call
from sandbox.dataverse.api.pages import link, truthful
from sandbox.dataverse.api.query import check_tracking, page_size, query_of
from sandbox.dataverse.api.representation import context, row_json
from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import EXPIRED_VERSION, ApiError, invalid
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.privileges import require_global
from sandbox.dataverse.rows import Row


def walked(call: Call, table: Table) -> Answer:
    """Return one page of a walk. Raises ApiError: 400 for refused options, tracking off or an old token, 403."""
    organization, query = call.organization, query_of(call, table)
    check_tracking(call)
    require_global(organization, call.user_id, table, "Read")
    if not table.tracked:
        raise invalid(f"Change tracking is not enabled for the entity '{table.name}'.", "0x80044340")
    since = _since(organization, call.query.get("$deltatoken"))
    position, until = _position(call, organization)
    items = _items(organization, table, since, until)
    size = page_size(call)
    # Sorts this page alone: a first walk can have hundreds of thousands of rows.
    after = heapq.nsmallest(size + 1, (pair for pair in items if pair[0] > position), key=itemgetter(0))
    value = [_shown(organization, table, item, query.select) for _, item in after[:size]]
    links = _links(call, table, after[:size], until, more=len(after) > size)
    return Answer(200, {**context(organization, f"{table.set}/$delta"), **links, "value": value})


def _items(organization: Organization, table: Table, since: int | None, until: int) -> list[tuple[str, Row | str]]:
    """Return rows and ids of deleted rows, each with a key that orders a walk: deletions come last.

    A row that changes after the walk began is part of it only if the walk is a first one, and comes again in the next.
    """
    rows = organization.rows.of(table.name)
    if since is None:
        every = truthful(organization, table, list(rows.values()))
        return [(f"r{row[table.key]}", row) for row in every]
    changed = [row for row in rows.values() if since < int(row["versionnumber"]) <= until]
    gone = {each.row_id: each.version for each in organization.rows.deletions
            if each.table == table.name and since < each.version <= until and each.row_id not in rows}  # fmt: skip
    untrue = {row_id: since for row_id in organization.lies.deleted if row_id in rows}
    kept = [row for row in truthful(organization, table, changed) if str(row[table.key]) not in untrue]
    items: list[tuple[str, Row | str]] = [(f"r{int(row['versionnumber']):020}", row) for row in kept]
    items += [(f"z{version:020}{row_id}", row_id) for row_id, version in {**gone, **untrue}.items()]
    return items


def _shown(organization: Organization, table: Table, item: Row | str, select: list[str] | None) -> dict[str, Any]:
    if isinstance(item, str):
        return {**context(organization, f"{table.set}/$deletedEntity"), "id": item, "reason": "deleted"}
    return row_json(organization, table, item, select)


def _links(call: Call, table: Table, page: list[tuple[str, Any]], until: int, *, more: bool) -> dict[str, str]:
    """Return the link to the next page, or at the end the one to what changes from the walk's beginning on."""
    if more:
        token = {"$deltatoken": call.query["$deltatoken"]} if "$deltatoken" in call.query else {}
        return {"@odata.nextLink": link(call, table, **token, **{"$skiptoken": f"{until}:{page[-1][0]}"})}
    made = call.organization.clock.now()
    return {"@odata.deltaLink": link(call, table, **{"$deltatoken": f"{until}!{made:%m/%d/%Y %H:%M:%S}"})}


def _since(organization: Organization, token: str | None) -> int | None:
    """Return a token's version. Raises ApiError for one that is malformed, too old, or newer than the rows.

    After a restore the rows have lower versions than the tokens that were given out before.
    """
    if token is None:
        return None
    version, _, moment = token.partition("!")
    try:
        made = datetime.strptime(moment, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
        since = int(version)
    except ValueError as error:
        raise invalid("The delta token is malformed.", "0x80060888") from error
    days = int(organization.rows.of("organization")[organization.organization_id]["expirechangetrackingindays"])
    if organization.clock.now() - made > timedelta(days=days) or since > organization.rows.version:
        text = "Version stamp associated with the client has expired. Please perform a full sync."
        raise ApiError(organization.settings.expired_status, EXPIRED_VERSION, text)
    return since


def _position(call: Call, organization: Organization) -> tuple[str, int]:
    """Return the key after which the walk goes on, and the version at which it began."""
    token = call.query.get("$skiptoken")
    if token is None:
        return "", organization.rows.version
    until, _, key = token.partition(":")
    if not until.isdecimal():
        raise invalid("The $skiptoken is malformed.", "0x80060888")
    return key, int(until)
