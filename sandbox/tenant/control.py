"""Control routes: what a test or a person changes in the tenant. JSON in and out; errors are 400 with the reason."""

import json
from typing import Annotated, TypeVar

from aiohttp import web
from cryptography import x509
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from sandbox.tenant.faults import Fault
from sandbox.tenant.seed import OF_EXCHANGE, ExchangeRoles, Strict, granted_in_exchange
from sandbox.tenant.state import Client, Tenant

HUNDRED_YEARS = 100 * 366 * 86400.0
Body = TypeVar("Body", bound=BaseModel)
Seconds = Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)]


class ClockMove(Strict):
    """How far to move the clock forward."""

    advance_seconds: float = Field(gt=0, le=HUNDRED_YEARS, allow_inf_nan=False)


class IdentityChange(Strict):
    """Changes to a client or managed identity; roles and exchangeRoles replace the existing ones."""

    roles: list[str] | None = None
    exchange_roles: ExchangeRoles | None = None
    vault: bool | None = None
    vault_officer: bool | None = None


class ClientChange(IdentityChange):
    """Changes to an app registration, including its secrets."""

    add_secret: str | None = Field(default=None, min_length=1)
    remove_secret: str | None = None
    certificates: list[str] | None = None

    @field_validator("certificates")
    @classmethod
    def _are_pem(cls, pems: list[str] | None) -> list[str] | None:
        """Reject texts that are not PEM certificates."""
        for pem in pems or ():
            x509.load_pem_x509_certificate(pem.encode())  # raises ValueError
        return pems


class Control:
    """The control routes of clock, faults, clients and managed identities."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; the Graph part adds its own under the same prefix."""
        return [
            web.get("/_control", self.listing),
            web.get("/_control/clock", self.clock),
            web.post("/_control/clock", self.move_clock),
            web.get("/_control/faults", self.faults),
            web.post("/_control/faults", self.plant_fault),
            web.delete("/_control/faults", self.clear_faults),
            web.get("/_control/faults/{id}", self.fault_met),
            web.delete("/_control/faults/{id}", self.clear_faults),
            web.post("/_control/clients/{id}", self.change_client),
            web.post("/_control/managed-identities/{id}", self.change_identity),
        ]

    async def listing(self, request: web.Request) -> web.Response:
        """List the control routes."""
        routes = [
            (f"{route.method} {route.resource.canonical}", route.handler.__doc__ or "")
            for route in request.app.router.routes()
            if route.resource and route.method != "HEAD"
        ]
        listed = [
            {"route": name, "does": text.strip().partition("\n")[0]} for name, text in routes if " /_control" in name
        ]
        return web.json_response({"routes": listed})

    async def clock(self, _request: web.Request) -> web.Response:
        """Return the tenant's time."""
        now, offset = self._tenant.clock.now(), self._tenant.clock.offset
        return web.json_response({"now": now.isoformat(), "offsetSeconds": offset.total_seconds()})

    async def move_clock(self, request: web.Request) -> web.Response:
        """Move the clock forward: {"advanceSeconds": n}."""
        self._tenant.clock.advance((await body_of(request, ClockMove)).advance_seconds)
        return await self.clock(request)

    async def faults(self, _request: web.Request) -> web.Response:
        """List the planted faults, each with the number of requests that it has met."""
        faults = self._tenant.faults
        listed = [
            {"id": key, "met": faults.met[key], **fault.model_dump(by_alias=True)}
            for key, fault in faults.planted.items()
        ]
        return web.json_response({"faults": listed})

    async def plant_fault(self, request: web.Request) -> web.Response:
        """Plant a fault: {"match", "status", "headers", "body", "times", "delaySeconds", "cut", "after"}."""
        return web.json_response({"id": self._tenant.faults.plant(await body_of(request, Fault))}, status=201)

    async def fault_met(self, request: web.Request) -> web.Response:
        """Wait until a fault has met a request, or ?seconds=n (10) have passed; return how many it has met."""
        fault_id = request.match_info["id"]
        try:
            seconds = TypeAdapter(Seconds).validate_python(request.query.get("seconds", "10"))
            return web.json_response({"id": fault_id, "met": await self._tenant.faults.wait(fault_id, seconds)})
        except ValidationError:
            return refused(400, "seconds: not a number from 0 to 60")
        except KeyError:
            return refused(404, f"no fault has the id {fault_id}")

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Clear all faults, or the one with this id."""
        fault_id = request.match_info.get("id")
        if not self._tenant.faults.clear(fault_id) and fault_id:
            return refused(404, f"no fault has the id {fault_id}")
        return web.Response(status=204)

    async def change_client(self, request: web.Request) -> web.Response:
        """Change an app registration: {"addSecret"?, "removeSecret"?, "certificates"?, "roles"?, "exchangeRoles"?, …}.

        `certificates` (PEM texts) replaces the existing ones. `roles` are granted in Entra and hold for every mailbox;
        `exchangeRoles` are granted in Exchange, each for some mailboxes or (null) for all; `vault` lets it read
        secrets, `vaultOfficer` also write them.
        """
        change = await body_of(request, ClientChange)
        client = self._tenant.clients.get(request.match_info["id"].lower())
        if client is None or client.managed_identity:
            return refused(404, f"no client has the id {request.match_info['id']}")
        if change.remove_secret is not None and change.remove_secret not in client.secrets:
            return refused(400, "removeSecret: the client has no such secret")
        client.secrets = [secret for secret in client.secrets if secret != change.remove_secret]
        if change.add_secret is not None:
            client.secrets.append(change.add_secret)
        if change.certificates is not None:
            client.certificates = [x509.load_pem_x509_certificate(pem.encode()) for pem in change.certificates]
        return _changed(client, change)

    async def change_identity(self, request: web.Request) -> web.Response:
        """Change a managed identity, by client id or "system": {"roles"?, "exchangeRoles"?, "vault"?}."""
        change = await body_of(request, IdentityChange)
        identity_id = request.match_info["id"].lower()
        for client in self._tenant.clients.values():
            if client.managed_identity and identity_id in (client.client_id.lower(), client.managed_identity):
                return _changed(client, change)
        return refused(404, f"no managed identity has the id {identity_id}")


async def body_of(request: web.Request, model: type[Body]) -> Body:
    """Return a request's JSON body as a model. Raises HTTPBadRequest naming every wrong field."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
        text = json.dumps({"error": "; ".join(wrong)})
        raise web.HTTPBadRequest(text=text, content_type="application/json") from error


def refused(status: int, text: str) -> web.Response:
    """Return the response to a control request that cannot be carried out."""
    return web.json_response({"error": text}, status=status)


def _changed(client: Client, change: IdentityChange) -> web.Response:
    """Set grants and vault access, and return the client without its secrets."""
    if change.roles is not None:
        client.roles = set(change.roles)
    if change.exchange_roles is not None:
        client.exchange = granted_in_exchange(change.exchange_roles)
    if change.vault is not None:
        client.vault = change.vault
    if change.vault_officer is not None:
        client.vault_officer = change.vault_officer
    assigned = {OF_EXCHANGE + name: None if scope is None else sorted(scope) for name, scope in client.exchange.items()}
    return web.json_response(
        {
            "clientId": client.client_id,
            "roles": sorted(client.roles),
            "exchangeRoles": assigned,
            "vault": client.vault,
            "vaultOfficer": client.vault_officer,
            "secrets": len(client.secrets),
            "managedIdentity": client.managed_identity,
        }
    )
