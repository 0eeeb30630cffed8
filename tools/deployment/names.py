"""Checks of names: the relay's resources keep theirs, and the vault's is free. Each returns what it learned, or raises.

References: the REST pages "Resources: List By Resource Group", "Vaults: List Deleted" and "Check Name Availability".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tools.deployment.arm import Arm, group, subscription
from tools.deployment.values import OURS, Stop, Unanswered, canonical, env, is_true

BEGINNING = "kv-relay-"
VAULTS = "2024-11-01"
RESOURCES = "2021-04-01"


def group_resources(arm: Arm, resource_type: str = "") -> list[dict[str, Any]]:
    """Return the resources of the group, of one type or of all; none while there is no such group."""
    wanted = f"resourceType eq '{resource_type}'"
    kind = f"&$filter={quote(wanted)}" if resource_type else ""
    try:
        return arm.pages(f"{group()}/resources?api-version={RESOURCES}{kind}")
    except Unanswered as reason:
        if "ResourceGroupNotFound" in str(reason):
            return []
        raise


def is_ours(tags: Any) -> bool:
    """Return whether these are the tags of a relay."""
    return all((tags or {}).get(name) == value for name, value in OURS.items())


def suffix(arm: Arm) -> str:
    """Check that the relay in the group keeps its names: another suffix would create all resources a second time."""
    names = [item["name"] for item in group_resources(arm, "Microsoft.KeyVault/vaults") if is_ours(item.get("tags"))]
    existing = [name.removeprefix(BEGINNING) for name in names if name.startswith(BEGINNING)]
    if not existing:
        return "the group holds no relay yet"
    if env("RELAY_SUFFIX") not in existing:
        raise Stop(
            f"the group holds a relay whose names end in {existing[0]}, and a second one would be created beside it. "
            f"To keep the first, run: azd env set RELAY_SUFFIX {existing[0]} (a second one needs a group of its own)"
        )
    return f"the relay's names end in {env('RELAY_SUFFIX')}, as before"


def vault(arm: Arm) -> str:
    """Check the vault's name: a soft-deleted vault keeps its name for seven days, and is recovered only on request."""
    name = f"{BEGINNING}{env('RELAY_SUFFIX')}" if env("RELAY_SUFFIX") else env("RELAY_VAULT_NAME")
    path = f"{subscription()}/providers/Microsoft.KeyVault/deletedVaults?api-version={VAULTS}"
    deleted = [item for item in arm.pages(path) if _is_same_relay(item, name)]
    if deleted and not is_true(env("RECOVER_VAULT")):
        raise Stop(f"{deleted[0]['name']} is soft-deleted. To recover it, run: azd env set RECOVER_VAULT true")
    if is_true(env("RECOVER_VAULT")):
        if not deleted:
            raise Stop("no soft-deleted vault of this relay exists. Run: azd env set RECOVER_VAULT false")
        return f"{deleted[0]['name']} will be recovered"
    if not name:
        return "no soft-deleted vault of this environment"
    if name in [item["name"] for item in group_resources(arm, "Microsoft.KeyVault/vaults")]:
        return f"{name} exists in the group"
    return _availability(arm, name)


def _is_same_relay(item: dict[str, Any], name: str) -> bool:
    """Return whether the template would want the name of a deleted vault.

    Before the first deployment the name is unknown, but it derives from the environment's name and the region.
    """
    if name:
        return str(item["name"]).lower() == name.lower()
    tags, region = item["properties"].get("tags") or {}, item["properties"]["location"]
    same = tags.get("azd-env-name") == env("AZURE_ENV_NAME") and canonical(region) == canonical(env("AZURE_LOCATION"))
    return is_ours(tags) and same


def _availability(arm: Arm, name: str) -> str:
    path = f"{subscription()}/providers/Microsoft.KeyVault/checkNameAvailability?api-version={VAULTS}"
    answer = arm.call(path, {"name": name, "type": "Microsoft.KeyVault/vaults"})
    if answer["nameAvailable"]:
        return f"{name} is free"
    raise Stop(f"{name} cannot be used: {answer.get('message')} Another azd environment name gives another.")
