"""What this version refuses or ignores that an earlier one took: judged by what the earlier relay can say. Pure.

What cannot be read is not known, never fine. docs/before-an-upgrade.md lists the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

SHORTEST_KEY, FEWEST_DIFFERENT = 32, 8  # characters of a clientState key
REFUSED_CHARACTERS = re.compile(r"[%?#{|}\\]")  # in the address of a mailbox
OBJECT_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}@", re.IGNORECASE)
INITIAL_DOMAINS = (".onmicrosoft.com", ".onmicrosoft.us", ".onmschina.cn", ".partner.onmschina.cn")
MOST_NAMED = 5
SETTINGS_STEP = (
    "Pass the app's settings: az functionapp config appsettings list --name APP --resource-group GROUP --output json | "
    "python -m relay_admin before-upgrade --settings -"
)
ROTATE = "After the upgrade Graph's notifications get 503. Before it run: python -m relay_admin rotate client-state-key"
HOSTS = "Before the upgrade name the host in ALLOWED_NOTIFICATION_HOSTS, or none to end direct delivery"
Settings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one rule. `ok`: None is not known. `stops`: something that works would stop."""

    name: str
    ok: bool | None
    detail: str
    what_to_do: str = ""
    stops: bool = False


def findings(watches: Iterable[Mapping[str, Any]], settings: Settings | None, key: str | None) -> list[Finding]:
    """Return a finding for each rule. `settings` and `key` (the newest clientState key) are None if not known."""
    listed = list(watches)
    return [
        client_state_key(key),
        mailboxes([str(watch["mailbox"]) for watch in listed]),
        object_ids([str(watch["mailbox"]) for watch in listed], settings),
        direct_watches(listed, settings),
        ignored_settings(settings),
    ]


def client_state_key(key: str | None) -> Finding:
    """Judge the newest clientState key. Its value is in no text."""
    if key is None:
        return Finding("clientStateKey", None, "its length cannot be read", "Name the vault: --vault NAME")
    if len(key) < SHORTEST_KEY:
        return Finding("clientStateKey", ok=False, stops=True, what_to_do=ROTATE,
                       detail=f"it has {len(key)} characters, and needs {SHORTEST_KEY}")  # fmt: skip
    if len(set(key)) < FEWEST_DIFFERENT:
        return Finding("clientStateKey", ok=False, stops=True, what_to_do=ROTATE,
                       detail=f"it has fewer than {FEWEST_DIFFERENT} different characters")  # fmt: skip
    return Finding("clientStateKey", ok=True, detail="long enough")


def mailboxes(addresses: Iterable[str]) -> Finding:
    """Judge the letters of the watched addresses."""
    wrong = [address for address in addresses if REFUSED_CHARACTERS.search(address)]
    if wrong:
        text = _named(wrong, "have one of % ? # { | } \\ in their address")
        return Finding("mailboxes", ok=False, stops=True, detail=text,
                       what_to_do="Give each another address in Exchange, and watch that one")  # fmt: skip
    return Finding("mailboxes", ok=True, detail="every address is taken as it is")


def object_ids(addresses: Iterable[str], settings: Settings | None) -> Finding:
    """Judge addresses that begin with an object id: a suffix no longer allows them, only an entry of their own."""
    found = [address for address in addresses if OBJECT_ID.match(address)]
    if not found:
        return Finding("objectIds", ok=True, detail="no address begins with an object id")
    if settings is None:
        return Finding("objectIds", None, _named(found, "begin with an object id"), SETTINGS_STEP)
    allowed = _entries(settings, "ALLOWED_MAILBOXES")
    lost = [address for address in found if address.lower() not in allowed]
    if not lost:
        return Finding("objectIds", ok=True, detail="ALLOWED_MAILBOXES names each whole address")
    return Finding("objectIds", ok=False, stops=True, detail=_named(lost, "are allowed by no entry of their own"),
                   what_to_do="Name the whole addresses, or the mailboxes' own, in ALLOWED_MAILBOXES")  # fmt: skip


def direct_watches(watches: Iterable[Mapping[str, Any]], settings: Settings | None) -> Finding:
    """Judge where Graph posts with direct delivery: ALLOWED_NOTIFICATION_HOSTS is asked at every use."""
    urls = [str(watch.get("notificationUrl") or "") for watch in watches if watch.get("delivery") == "direct"]
    hosts = sorted({(urlsplit(url).hostname or "?").rstrip(".") for url in urls})
    if not hosts:
        return Finding("directDelivery", ok=True, detail="there is no direct watch")
    if settings is None:
        return Finding("directDelivery", None, _named(hosts, "get notifications directly"), SETTINGS_STEP)
    allowed = _entries(settings, "ALLOWED_NOTIFICATION_HOSTS")
    if not allowed:
        webhook = urlsplit(settings.get("PARTNER_WEBHOOK_URL", "")).hostname
        if hosts == [webhook]:
            text = "direct watches go on, but no new one can be set up: ALLOWED_NOTIFICATION_HOSTS is not set"
            return Finding("directDelivery", ok=False, detail=text, what_to_do=HOSTS)
    lost = [host for host in hosts if host not in allowed]
    if lost:
        return Finding("directDelivery", ok=False, stops=True, what_to_do=HOSTS,
                       detail=_named(lost, "get notifications directly, and would get none any more"))  # fmt: skip
    return Finding("directDelivery", ok=True, detail="every host is named")


def ignored_settings(settings: Settings | None) -> Finding:
    """Name settings that lose their effect, or that health complains of from now on."""
    if settings is None:
        return Finding("settings", None, "they cannot be read", SETTINGS_STEP)
    wrong = [text for name, text in _TEXTS.items() if _is_on(settings, name)]
    wide = [entry for entry in _entries(settings, "ALLOWED_MAILBOXES")
            if entry.startswith("@") and entry.endswith(INITIAL_DOMAINS)]  # fmt: skip
    wrong += [f"ALLOWED_MAILBOXES has {entry}: any mailbox of the tenant may have such an address" for entry in wide]
    if wrong:
        text = "Correct them; nothing stops with the upgrade, but who relied on them is refused"
        return Finding("settings", ok=False, detail="; ".join(wrong), what_to_do=text)
    return Finding("settings", ok=True, detail="none loses its effect")


_TEXTS = {
    "TRUST_APP_SERVICE_AUTH": "TRUST_APP_SERVICE_AUTH is ignored: callers need a token that the relay verifies",
    "ALLOW_PRIVATE_ADDRESSES": "ALLOW_PRIVATE_ADDRESSES no longer allows loopback and link-local addresses",
}


def _is_on(settings: Settings, name: str) -> bool:
    return settings.get(name, "").strip().lower() not in ("", "0", "false", "no", "off")


def _entries(settings: Settings, name: str) -> set[str]:
    return {entry.strip().lower() for entry in settings.get(name, "").split(",") if entry.strip()}


def _named(names: list[str], what: str) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{len(names)} {what}: {', '.join(names[:MOST_NAMED])}{more}"
