"""Control routes of the Key Vault: new versions of a secret, disabled and deleted secrets."""

from dataclasses import replace

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


class SecretChange(Strict):
    """Whether a version of a secret is enabled; without `version`, all of them."""

    enabled: bool
    version: str | None = None


class VaultControl:
    """The control routes of secrets; the vault as a whole is closed by the app's `vault`."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/_control/secrets", self.add_secret),
            web.patch("/_control/secrets/{name}", self.change_secret),
            web.delete("/_control/secrets/{name}", self.delete_secret),
        ]

    async def add_secret(self, request: web.Request) -> web.Response:
        """Add a version of a Key Vault secret: {"name", "value", "created"?, "enabled"?}."""
        new = await body_of(request, NewSecret)
        version = SecretVersion(new.value, new.created or self._tenant.clock.now(), new.enabled)
        versions = self._tenant.vault.setdefault(new.name.lower(), [])
        versions.append(version)
        versions.sort(key=lambda version: version.created)
        return web.json_response({"name": new.name, "version": version.version}, status=201)

    async def change_secret(self, request: web.Request) -> web.Response:
        """Disable or enable the versions of a secret, or one of them: {"enabled", "version"?}."""
        change, name = await body_of(request, SecretChange), request.match_info["name"].lower()
        versions = self._tenant.vault.get(name, [])
        chosen = [each for each in versions if change.version in (None, each.version)]
        if not chosen:
            return refused(404, f"no secret or version of {name}")
        self._tenant.vault[name] = [
            replace(each, enabled=change.enabled) if each in chosen else each for each in versions
        ]
        return web.json_response({"name": name, "versions": len(chosen), "enabled": change.enabled})

    async def delete_secret(self, request: web.Request) -> web.Response:
        """Delete a secret with all its versions."""
        name = request.match_info["name"].lower()
        if self._tenant.vault.pop(name, None) is None:
            return refused(404, f"no secret {name}")
        return web.json_response({"deleted": name})
