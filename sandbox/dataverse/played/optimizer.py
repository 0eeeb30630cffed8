"""The optimizer: it plans bookings again by night, and can simulate a run.

Resource Scheduling Optimization: Simulate an optimization run; Troubleshoot bookings (the scheduling method of a
booking's status says which bookings are moved). A changed plan deletes a booking and makes another one
for the same requirement; a simulation makes bookings of the status Simulation and changes nothing else.
"""

from datetime import timedelta
from typing import Any

from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row
from sandbox.dataverse.writer import Actor

BOOKING = "bookableresourcebooking"
METHOD = 192350000
LOCKED = (192350001, 192350002)
KEPT = ("name", "duration", "bookingtype", "bookingstatus", "msdyn_workorder", "msdyn_resourcerequirement",
        "msdyn_projectid")  # fmt: skip


def optimize(organization: Organization, share: float, *, simulation: bool) -> list[dict[str, str]]:
    """Plan a share of the living bookings again, an hour later each, on a drawn resource; return the old and new ids.

    A simulation only adds bookings.
    """
    rows = organization.rows.of(BOOKING)
    living = sorted(key for key, row in rows.items() if row["statecode"] == 0 and not _is_locked(organization, row))
    resources = sorted(
        key for key, row in organization.rows.of("bookableresource").items() if row["resourcetype"] == 3
    )  # fmt: skip
    chosen = organization.random.sample(living, round(len(living) * share))
    return [_planned(organization, rows[key], organization.random.choice(resources), simulation) for key in chosen]


def _is_locked(organization: Organization, row: Row) -> bool:
    """Return whether the scheduling method of a booking's status keeps it where it is."""
    status = organization.rows.get("bookingstatus", str(row["bookingstatus"])) or {}
    return status.get("msdyn_optimizationmethod") in LOCKED


def _planned(organization: Organization, row: Row, resource: str, simulation: bool) -> dict[str, str]:  # noqa: FBT001
    table, actor = organization.tables[BOOKING], Actor(organization.ids["user:optimizer"], depth=2)
    hour = timedelta(hours=1)
    columns: dict[str, Any] = {name: row[name] for name in KEPT if row.get(name) is not None}
    columns |= {"starttime": row["starttime"] + hour, "endtime": row["endtime"] + hour, "resource": resource,
                "msdyn_bookingmethod": METHOD}  # fmt: skip
    if simulation:
        columns["bookingstatus"] = organization.ids["status:Simulation"]
    else:
        organization.writer.delete(table, row, actor)
    made = organization.writer.create(table, columns, actor)
    return {"old": str(row[table.key]), "new": str(made[table.key])}
