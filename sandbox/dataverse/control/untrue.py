"""Control of faults and untrue answers."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from sandbox.dataverse.control.answers import control
from sandbox.dataverse.organization import Lies, Organization
from sandbox.tenant.control import body_of
from sandbox.tenant.faults import Fault
from sandbox.tenant.seed import Strict

LONGEST_WAIT = 60.0  # seconds


class Untrue(Strict):
    """What reads say; see Lies. They replace the former ones."""

    missing: tuple[str, ...] = ()
    missing_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    empty: bool = False
    deleted: tuple[str, ...] = ()
    not_found: tuple[str, ...] = ()
    masked: dict[str, list[str]] = Field(default_factory=dict)
    stale: bool = False


def routes(organization: Organization, _environments: Any) -> list[web.RouteDef]:
    """Return the routes."""
    return [
        web.get("/_control/faults", control(organization, faults)),
        web.post("/_control/faults", control(organization, plant)),
        web.delete("/_control/faults", control(organization, clear)),
        web.get("/_control/faults/{id}", control(organization, met)),
        web.delete("/_control/faults/{id}", control(organization, clear)),
        web.post("/_control/lies", control(organization, lie)),
        web.delete("/_control/lies", control(organization, be_true)),
    ]


async def faults(organization: Organization, _request: web.Request) -> Any:
    """List the planted faults, each with the number of calls that it has met."""
    planted = organization.faults.planted.items()
    listed = [{"id": key, "met": organization.faults.met[key], **each.model_dump(by_alias=True)}
              for key, each in planted]  # fmt: skip
    return {"faults": listed}


async def plant(organization: Organization, request: web.Request) -> Any:
    """Plant a fault: {"match", "status", "headers", "body", "times", "delaySeconds", "cut", "after"}."""
    return {"id": organization.faults.plant(await body_of(request, Fault))}


async def clear(organization: Organization, request: web.Request) -> Any:
    """Clear all faults, or the one with this id."""
    fault_id = request.match_info.get("id")
    if not organization.faults.clear(fault_id) and fault_id:
        raise LookupError(f"fault {fault_id}")


async def met(organization: Organization, request: web.Request) -> Any:
    """Wait until a fault has met a call, or ?seconds=n (10) have passed; return how many it has met."""
    fault_id = request.match_info["id"]
    return {"id": fault_id, "met": await organization.faults.wait(fault_id, _seconds(request))}


async def lie(organization: Organization, request: web.Request) -> Any:
    """Answer reads untruly: {"missing", "missingShare", "empty", "deleted", "notFound", "masked", "stale"}."""
    given = await body_of(request, Untrue)
    organization.before_lie = organization.rows.snapshot() if given.stale else None
    masked = {row_id.lower(): frozenset(columns) for row_id, columns in given.masked.items()}
    organization.lies = Lies(
        _ids(given.missing), given.missing_share, given.empty, _ids(given.deleted), _ids(given.not_found), masked,
        given.stale,
    )  # fmt: skip
    return given.model_dump(by_alias=True)


async def be_true(organization: Organization, _request: web.Request) -> Any:
    """Answer reads truly again."""
    organization.lies, organization.before_lie = Lies(), None


def _ids(given: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(str.lower, given))


def _seconds(request: web.Request) -> float:
    """Return how long to wait. Raises ValueError."""
    seconds = float(request.query.get("seconds", "10"))
    if not 0 <= seconds <= LONGEST_WAIT:
        raise ValueError("seconds: not a number from 0 to 60")
    return seconds
