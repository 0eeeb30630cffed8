"""Names settings that are valid, but have no effect, allow too much, or are for local development only. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.errors import ConfigurationError
from shared.policy.invitees import ANY, INITIAL_DOMAINS

if TYPE_CHECKING:
    from shared.config import Settings

# "Microsoft Entra authentication and national clouds", and older names that it replaces
MICROSOFT_LOGINS = (
    "login.microsoftonline.com", "login.windows.net", "login.microsoftonline.us", "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
)  # fmt: skip

# "Microsoft Graph national cloud deployments"
MICROSOFT_GRAPHS = (
    "graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn",
)  # fmt: skip

# "Azure Key Vault keys, secrets and certificates overview": the endings of a vault's name, with private endpoints, too
VAULTS = (".vault.azure.net", ".vault.usgovcloudapi.net", ".vault.azure.cn")


def unsuitable(settings: Settings) -> list[str]:
    """Return what to correct, a text for each setting; empty if nothing. The relay works meanwhile."""
    ignored = [f"{name} {text}" for name, text in sorted(settings.ignored.items())]
    wide = [text for text in (_text_of(read, settings) for read in (_suffixes, _invitees)) if text]
    return ignored + wide + (_for_development(settings) if settings.is_deployed else [])


def _for_development(settings: Settings) -> list[str]:
    """Name the settings of a deployed app that may be weak on a developer's computer only."""
    texts = (_text_of(read, settings) for read in (_challenge, _environment, _login, _graph, _vault))
    return [text for text in texts if text]


def _suffixes(settings: Settings) -> str:
    entries = [entry.strip().lower() for entry in settings.allowed_mailboxes.split(",")]
    wide = [entry for entry in entries if entry.startswith("@") and entry.endswith(INITIAL_DOMAINS)]
    text = "each mailbox of the tenant may have such an address: name a domain or addresses of rooms instead"
    return f"ALLOWED_MAILBOXES has {', '.join(wide)}: {text}" if wide else ""


def _invitees(settings: Settings) -> str:
    is_used = "calendars" in settings.switched_on and settings.invitees == ANY
    text = "INVITEES is any: callers may invite everybody. Set own-domains, none or a list of addresses and @domains"
    return text if is_used else ""


def _challenge(settings: Settings) -> str:
    text = "KEY_VAULT_VERIFY_CHALLENGE=false lets another server than Key Vault ask for the relay's token: remove it"
    return "" if settings.key_vault_verify_challenge else text


def _environment(settings: Settings) -> str:
    text = "AZURE_FUNCTIONS_ENVIRONMENT=Development allows http to the partner: remove it"
    return text if settings.in_development else ""


def _login(settings: Settings) -> str:
    text = "AZURE_AUTHORITY_HOST is not a login of Microsoft's, and its keys prove callers: correct it"
    return "" if urlsplit(settings.azure_authority_host).hostname in MICROSOFT_LOGINS else text


def _graph(settings: Settings) -> str:
    text = "GRAPH_BASE_URL is not an address of Microsoft Graph, and gets the relay's tokens: correct it"
    return "" if urlsplit(settings.graph_base_url).hostname in MICROSOFT_GRAPHS else text


def _vault(settings: Settings) -> str:
    text = "KEY_VAULT_URI is not an address of Azure Key Vault, and what it returns is used as the secrets: correct it"
    return "" if (urlsplit(settings.key_vault_uri).hostname or "").endswith(VAULTS) else text


def _text_of(read: Callable[[Settings], str], settings: Settings) -> str:
    try:
        return read(settings)
    except ConfigurationError:  # the check of the settings says so
        return ""
