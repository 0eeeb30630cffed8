"""Control routes of the Key Vault: new versions of a secret, disabled and deleted secrets, a closed network."""

from dataclasses import replace
from typing import Literal

from aiohttp import web
from pydantic import AwareDatetime

from sandbox.tenant.control import body_of, refused
from sandbox.tenant.seed import SecretName, Strict
from sandbox.tenant.state import SecretVersion, Tenant


class NewSecret(Strict):
    """A new version of a vault secret; the default of `created` is now, by the tenant's clock."""

    name: SecretName
    value: str
    created: AwareDatetime | None = None
    enabled: bool = True
    content_type: str = ""


class NetworkChange(Strict):
    """Which network rule of the vault refuses each call; null for none."""

    closed: Literal["ForbiddenByFirewall", "ForbiddenByConnection"] | None


class SecretChange(Strict):
    """Whether a version of a secret is enabled, or when it was created; without `version`, all of them."""

    enabled: bool | None = None
    created: AwareDatetime | None = None
    version: str | None = None


class VaultControl:
    """The control routes of secrets; the vault as a whole is closed by the app's `vault`."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/_control/secrets", self.add_secret),
            web.get("/_control/secrets/{name}", self.show_secret),
            web.patch("/_control/secrets/{name}", self.change_secret),
            web.delete("/_control/secrets/{name}", self.delete_secret),
            web.post("/_control/secrets/{name}/recover", self.recover_secret),
            web.post("/_control/vault", self.close_network),
        ]

    async def add_secret(self, request: web.Request) -> web.Response:
        """Add a version of a Key Vault secret: {"name", "value", "created"?, "enabled"?, "contentType"?}."""
        new = await body_of(request, NewSecret)
        version = SecretVersion(new.value, new.created or self._tenant.clock.now(), new.enabled, new.content_type)
        versions = self._tenant.vault.setdefault(new.name.lower(), [])
        versions.append(version)
        versions.sort(key=lambda version: version.created)
        return web.json_response({"name": new.name, "version": version.version}, status=201)

    async def show_secret(self, request: web.Request) -> web.Response:
        """Return the versions of a secret with their values, oldest first, as its owner sees them."""
        versions = self._tenant.vault.get(request.match_info["name"].lower(), [])
        shown = [{"version": each.version, "value": each.value, "contentType": each.content_type} for each in versions]
        return web.json_response({"versions": shown})

    async def change_secret(self, request: web.Request) -> web.Response:
        """Disable, enable or date the versions of a secret, or one of them: {"enabled"?, "created"?, "version"?}."""
        change, name = await body_of(request, SecretChange), request.match_info["name"].lower()
        versions = self._tenant.vault.get(name, [])
        chosen = [each for each in versions if change.version in (None, each.version)]
        if not chosen:
            return refused(404, f"no secret or version of {name}")
        changes = {key: value for key in ("enabled", "created") if (value := getattr(change, key)) is not None}
        changed = [replace(each, **changes) if each in chosen else each for each in versions]
        self._tenant.vault[name] = sorted(changed, key=lambda version: version.created)
        return web.json_response({"name": name, "versions": len(chosen), "enabled": change.enabled})

    async def delete_secret(self, request: web.Request) -> web.Response:
        """Delete and purge a secret with all its versions; with ?recoverable=true delete it only."""
        name = request.match_info["name"].lower()
        versions = self._tenant.vault.pop(name, None)
        if versions is None:
            return refused(404, f"no secret {name}")
        if request.query.get("recoverable") == "true":
            self._tenant.deleted_secrets[name] = versions
        return web.json_response({"deleted": name})

    async def recover_secret(self, request: web.Request) -> web.Response:
        """Recover a deleted secret with all its versions."""
        name = request.match_info["name"].lower()
        versions = self._tenant.deleted_secrets.pop(name, None)
        if versions is None:
            return refused(404, f"no deleted secret {name}")
        self._tenant.vault[name] = versions
        return web.json_response({"recovered": name})

    async def close_network(self, request: web.Request) -> web.Response:
        """Let the vault's network refuse all calls: {"closed": "ForbiddenByFirewall" or "ForbiddenByConnection"}."""
        self._tenant.vault_network = (await body_of(request, NetworkChange)).closed or ""
        return web.json_response({"closed": self._tenant.vault_network or None})
