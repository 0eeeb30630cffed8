"""Control of what others do: webhooks, Field Service, Microsoft's sync, optimizer, plug-ins, backups and copies."""

from dataclasses import replace
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from sandbox.dataverse.control.answers import control
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.played.optimizer import optimize
from sandbox.dataverse.played.plugins import Plugin
from sandbox.dataverse.rows import new_id
from sandbox.dataverse.seed import SeededResource
from sandbox.dataverse.seeded_rows import add_application_user, add_resource, give
from sandbox.tenant.control import body_of
from sandbox.tenant.seed import Strict


class HookSwitch(Strict):
    """Whether webhooks are sent; what is lost is never sent later."""

    off: bool


class Run(Strict):
    """A run of the optimizer."""

    share: float = Field(default=0.75, ge=0, le=1)
    simulation: bool = False


class PluginGiven(Strict):
    """A plug-in; see Plugin. `laterSeconds` makes it asynchronous."""

    shift_seconds: float = 0.0
    later_seconds: float | None = Field(default=None, ge=0)
    back: bool = False
    refuse: str | None = None
    on: Literal["times", "status"] = "times"
    resource: str | None = None
    times: int | None = Field(default=None, ge=1)


class Backup(Strict):
    """Which snapshot is restored."""

    snapshot: str


class CopyKind(Strict):
    """Of which kind a copy is."""

    type: Literal["Production", "Sandbox"] = "Sandbox"


class UserPrivileges(Strict):
    """The privileges of an app: the name of a role, or a list; without some of them. None leaves it without a user."""

    privileges: str | list[str] | None = "full"
    without: tuple[str, ...] = ()


class TableChange(Strict):
    """Flags of a table; DateTimeBehavior of its start and end."""

    tracked: bool | None = None
    concurrency: bool | None = None
    behavior: Literal["UserLocal", "DateOnly", "TimeZoneIndependent"] | None = None


def routes(organization: Organization, environments: Any) -> list[web.RouteDef]:
    """Return the routes."""

    async def copied(source: Organization, request: web.Request) -> Any:
        """Serve a full copy of the environment: {"type"?}; return its address and ids."""
        made = environments.copied(source, (await body_of(request, CopyKind)).type)
        url = await environments.serve(made)
        return {"url": url, "organizationId": made.organization_id, "environmentId": made.environment_id}

    return [
        web.get("/_control/hooks", control(organization, hooks)),
        web.post("/_control/hooks", control(organization, switch_hooks)),
        web.post("/_control/hooks/flush", control(organization, flush)),
        web.post("/_control/background/flush", control(organization, flush_background)),
        web.post("/_control/outlook-sync/run", control(organization, run_sync)),
        web.post("/_control/outlook-sync/untag", control(organization, untag)),
        web.post("/_control/optimizer", control(organization, run_optimizer)),
        web.post("/_control/plugins", control(organization, add_plugin)),
        web.delete("/_control/plugins", control(organization, remove_plugins)),
        web.post("/_control/snapshots", control(organization, snapshot)),
        web.post("/_control/restores", control(organization, go_back)),
        web.post("/_control/copies", control(organization, copied)),
        web.post("/_control/users/{id}", control(organization, change_user)),
        web.post("/_control/resources", control(organization, make_resource)),
        web.post("/_control/tables/{name}", control(organization, change_table)),
        web.post("/_control/settings", control(organization, change_settings)),
        web.get("/_control/limits", control(organization, limits)),
    ]


async def hooks(organization: Organization, _request: web.Request) -> Any:
    """Return how many webhooks were sent, repeated, retried and failed."""
    return dict(organization.hooks.counts)


async def switch_hooks(organization: Organization, request: web.Request) -> Any:
    """Send no more webhooks, or send them again: {"off"}."""
    organization.hooks.off = (await body_of(request, HookSwitch)).off
    return {"off": organization.hooks.off}


async def flush(organization: Organization, _request: web.Request) -> Any:
    """Send all waiting webhooks now, with further attempts, and return the counters."""
    return await organization.hooks.flush()


async def flush_background(organization: Organization, _request: web.Request) -> Any:
    """Let Field Service and asynchronous plug-ins write now; return how many writes there were."""
    return {"done": await organization.background.flush()}


async def run_sync(organization: Organization, _request: web.Request) -> Any:
    """Carry out one round of Microsoft's own sync; return how many events it made, changed and removed."""
    return organization.sync.run()


async def untag(organization: Organization, _request: web.Request) -> Any:
    """Take the tag off all events of Microsoft's sync; return their number."""
    return {"untagged": organization.sync.untag()}


async def run_optimizer(organization: Organization, request: web.Request) -> Any:
    """Run the optimizer: {"share"?: 0.75, "simulation"?}; return the old and new ids."""
    given = await body_of(request, Run)
    return {"planned": optimize(organization, given.share, simulation=given.simulation)}


async def add_plugin(organization: Organization, request: web.Request) -> Any:
    """Add a plug-in: {"shiftSeconds", "laterSeconds"?, "back"?, "refuse"?, "on"?, "resource"?, "times"?}."""
    given = await body_of(request, PluginGiven)
    plugin = Plugin(organization, organization.background, shift_seconds=given.shift_seconds,
                    later=given.later_seconds, back=given.back, refuse=given.refuse, times=given.times,
                    on=given.on, resource=given.resource)  # fmt: skip
    organization.before_save.append(plugin.before)
    organization.writer.followers.append(plugin.follow)
    return given.model_dump(by_alias=True)


async def remove_plugins(organization: Organization, _request: web.Request) -> Any:
    """Remove the plug-ins."""
    before, followers = organization.before_save, organization.writer.followers
    before[:] = [each for each in before if not _is_plugin(each)]
    followers[:] = [each for each in followers if not _is_plugin(each)]


def _is_plugin(step: object) -> bool:
    return isinstance(getattr(step, "__self__", None), Plugin)


async def snapshot(organization: Organization, _request: web.Request) -> Any:
    """Keep a backup of all rows, and return its id."""
    snapshot_id = new_id()
    organization.snapshots[snapshot_id] = organization.rows.snapshot()
    return {"id": snapshot_id}


async def go_back(organization: Organization, request: web.Request) -> Any:
    """Restore a backup: {"snapshot"}; version numbers go back, and no webhook is sent."""
    organization.rows.go_back(organization.snapshots[(await body_of(request, Backup)).snapshot])
    return {"versionNumber": organization.rows.version}


async def change_user(organization: Organization, request: web.Request) -> Any:
    """Set an app's privileges: {"privileges": role, list or null, "without"?}; null removes its user."""
    given, name = await body_of(request, UserPrivileges), request.match_info["id"].lower()
    clients = organization.tenant.clients.values()
    client = next((each for each in clients if name in (each.client_id.lower(), each.managed_identity)), None)
    if client is None:
        raise LookupError(f"client {name}")
    user_id = organization.derived("application", client.client_id.lower())
    if given.privileges is None:
        organization.rows.of("systemuser").pop(user_id, None)
        return {"userId": None}
    add_application_user(organization, client, given.privileges)
    give(organization, user_id, given.privileges, given.without)
    return {"userId": user_id}


async def make_resource(organization: Organization, request: web.Request) -> Any:
    """Make a resource as the seed does: {"mailbox"?, "kind"?, "marked"?, "name"?, "id"?, "serverSideSync"?}."""
    columns = organization.tables["bookableresource"].columns
    column = next((name for name, each in columns.items() if each.kind == "boolean" and name.startswith("new_")), "")
    return {"id": add_resource(organization, await body_of(request, SeededResource), column)}


async def change_table(organization: Organization, request: web.Request) -> Any:
    """Change a table's flags: {"tracked"?, "concurrency"?, "behavior"? of its times}."""
    given, table = await body_of(request, TableChange), organization.tables[request.match_info["name"]]
    table.tracked = table.tracked if given.tracked is None else given.tracked
    table.concurrency = table.concurrency if given.concurrency is None else given.concurrency
    for name in ("starttime", "endtime") if given.behavior else ():
        table.columns[name] = replace(table.columns[name], behavior=str(given.behavior))
    return {"tracked": table.tracked, "concurrency": table.concurrency}


async def change_settings(organization: Organization, request: web.Request) -> Any:
    """Change settings of the environment; the others stay."""
    kept = organization.settings.model_dump(by_alias=True)
    changed = type(organization.settings).model_validate({**kept, **(await request.json())})
    for name in type(changed).model_fields:
        setattr(organization.settings, name, getattr(changed, name))
    return organization.settings.model_dump(by_alias=True)


async def limits(organization: Organization, _request: web.Request) -> Any:
    """Return how many calls were refused, by code, and the most calls of one user at once."""
    return {"refused": dict(organization.limits.refused), "mostAtOnce": organization.limits.most_open}
