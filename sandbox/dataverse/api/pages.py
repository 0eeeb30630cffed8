"""What lists and walks share: the links between pages, and the rows that lies leave out."""

import random
from urllib.parse import quote, urlencode

from sandbox.dataverse.api.call import Call
from sandbox.dataverse.columns import Table
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row


def link(call: Call, table: Table, **changes: str) -> str:
    """Return the address of another page, with the options of this one."""
    kept = {name: value for name, value in call.query.items() if name not in ("$skiptoken", "$deltatoken")}
    options = urlencode({**kept, **changes}, safe="$,", quote_via=quote)
    return f"{call.organization.base}/{table.set}?{options}"


def truthful(organization: Organization, table: Table, rows: list[Row]) -> list[Row]:
    """Return the rows without those that the lies leave out."""
    lies = organization.lies
    if lies.empty:
        return []
    kept = [row for row in rows if str(row[table.key]) not in lies.missing]
    if not lies.missing_share:
        return kept
    chance = random.Random(organization.random.random())
    return [row for row in kept if chance.random() >= lies.missing_share]
