"""What becomes of the relay's host name once the app is gone, while Graph still posts to it. Pure.

Pages: "Azure App Service default host names" (a unique default host name has a hash and the region, and is not given to
anybody else), "Prevent dangling DNS entries and avoid subdomain takeover".
"""

from __future__ import annotations

from urllib.parse import urlsplit

SHARED_DOMAINS = (".azurewebsites.net", ".azurewebsites.us", ".chinacloudsites.cn")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def warning(url: str) -> str:
    """Return what to know before the app is deleted while subscriptions stand; empty if nobody can take the name."""
    host = urlsplit(url).hostname or ""
    domain = next((domain for domain in SHARED_DOMAINS if host.endswith(domain)), None)
    if host in LOOPBACK or (domain and "." in host.removesuffix(domain)):
        return ""
    begins = f"WARNING: Graph posts to {host} until these subscriptions are deleted, or expire within a week."
    if domain is None:
        return f"{begins} Keep the domain's DNS record until then: whoever takes over where it points receives them."
    return (
        f"{begins} Once the app is deleted anybody can take that name, and receives them: add --yes first. For the "
        "next deployment choose a unique default host name (UNIQUE_HOST_NAME, docs/template.md)."
    )
