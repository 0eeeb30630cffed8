"""The settings: one model, loaded from the environment on first use.

An invalid or missing setting affects only the code that reads it: reading it raises ConfigurationError with the
setting's name. ("Azure Functions: App settings reference"; "App Service: Use Key Vault references": the value of an
unresolved reference is the reference itself.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from shared.errors import ConfigurationError
from shared.features import ADDRESS_LISTS, BY_NAME, names_in
from shared.http.addresses import AddressRule, is_plain, is_web_port

FEATURE_NAMES = ("relay", *BY_NAME)  # the first is always on
DETAILS = ("location", "organizer", "attendees")  # optional details of an event in responses
_FALSE = ("", "false", "0", "no", "off", "n", "f")
# Settings that have no effect: of earlier versions, and of local development in a deployed app
_RETIRED = {"TRUST_APP_SERVICE_AUTH": "has no effect: callers need the token that App Service passes on; remove it"}
_LOCAL = {"ALLOW_LOOPBACK_ADDRESSES": "has no effect in Azure: it is for the sandbox; remove it"}
LONGEST_VIEW_DAYS = 1_825  # of one calendar view; "List calendarView" refuses more (microsoft-graph-docs issue 6284)
UNSET: Any = None  # the default of a required setting; never validated or returned: see Settings._without_invalid


class Settings(BaseModel):
    """The app settings; each field is a setting's name in lower case."""

    model_config = ConfigDict(alias_generator=str.upper, frozen=True, extra="ignore")

    tenant_id: str = UNSET
    client_id: str = UNSET
    graph_credential: Literal["client-secret", "certificate", "managed-identity"] = "client-secret"
    key_vault_uri: str = UNSET
    graph_client_secret_name: str = "graph-client-secret"
    graph_certificate_name: str = "graph-certificate"
    client_state_key_name: str = "client-state-key"
    partner_signing_secret_name: str = "partner-signing-secret"
    identifier_key_name: str = "identifier-key"
    secrets_kept_seconds: float = Field(default=300, ge=1, le=300)
    # These three must be declared before the URL fields, whose validators read them.
    azure_functions_environment: str = "Production"
    allow_private_addresses: bool = False
    allow_loopback_addresses: bool = False
    partner_webhook_url: str = UNSET
    public_base_url: str = UNSET
    allowed_notification_hosts: str = ""
    allowed_mailboxes: str = ""
    owner_check: Literal["warn", "enforce"] = "warn"
    graph_base_url: str = "https://graph.microsoft.com/v1.0"
    azure_authority_host: str = "https://login.microsoftonline.com"
    key_vault_verify_challenge: bool = True
    subscription_lifetime_minutes: int = Field(default=10_000, ge=60, le=10_080)
    renew_before_minutes: int = Field(default=4_320, ge=30, le=10_000)
    renewal_schedule: str = "0 */30 * * * *"
    resync_schedule: str = "0 0 2 * * *"
    settle_seconds: float = Field(default=10, ge=0, le=300)
    window_past_days: int = Field(default=1, ge=0, le=3_650)
    window_future_days: int = Field(default=180, ge=1, le=3_650)
    caller_keys: bool = True
    entra_audience: str = ""
    inbound_restricted: bool = False
    calls_per_minute: int = Field(default=300, ge=1, le=1_000_000)
    most_watches: int = Field(default=10_000, ge=1, le=1_000_000)
    outgoing_address: str = ""
    features: str = "relay"
    event_detail: str = "minimal"
    bookings_deliveries: str = ""
    customer_invitations: bool = True
    invitees: str = "any"

    _problems: dict[str, str] = PrivateAttr(default_factory=dict)
    _ignored: dict[str, str] = PrivateAttr(default_factory=dict)
    _is_deployed: bool = PrivateAttr(default=False)

    @field_validator("graph_base_url", "azure_authority_host", "key_vault_uri", "public_base_url")
    @classmethod
    def _is_https(cls, value: str) -> str:
        return _address(value, ("https",)).rstrip("/")

    @field_validator("partner_webhook_url")
    @classmethod
    def _is_https_unless_local(cls, value: str, info: Any) -> str:
        local = info.data.get("azure_functions_environment") == "Development"
        parts = urlsplit(_address(value, ("https", "http") if local else ("https",)))
        if not is_web_port(parts.port):
            raise ValueError("must use port 443, 80, or 1024 and above")
        rule = AddressRule(*(info.data.get(f"allow_{name}_addresses", False) for name in ("private", "loopback")))
        if not rule.allows_host(parts.hostname or ""):
            raise ValueError("must have a public host; ALLOW_PRIVATE_ADDRESSES=true allows private networks, too")
        return value

    @field_validator("outgoing_address")
    @classmethod
    def _is_ip_address(cls, value: str) -> str:
        try:
            return str(ip_address(value)) if value else ""
        except ValueError:
            raise ValueError("must be an IP address") from None

    @field_validator("event_detail")
    @classmethod
    def _are_details(cls, value: str) -> str:
        details = {name.strip().lower() for name in value.split(",")}
        if details != {"minimal"} and not details <= set(DETAILS):
            raise ValueError(f"must be minimal, or a comma-separated list of {', '.join(DETAILS)}")
        return ",".join(sorted(details))

    @field_validator(*ADDRESS_LISTS)
    @classmethod
    def _are_addresses(cls, value: str, info: Any) -> str:
        return ADDRESS_LISTS[info.field_name](value)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings from `environ`; an empty value counts as unset. Never raises: see `problems`."""
        names = [name.upper() for name in cls.model_fields]
        ignored = _ignored_in(environ)
        given = {name: environ[name].strip() for name in names if environ.get(name, "").strip() and name not in ignored}
        if environ.get("WEBSITE_HOSTNAME"):
            given.setdefault("PUBLIC_BASE_URL", f"https://{environ['WEBSITE_HOSTNAME']}")
        problems = {n: "is an unresolved Key Vault reference" for n, v in given.items() if v.startswith("@Microsoft.")}
        try:
            cls.model_validate(given)
        except ValidationError as error:
            problems |= {str(e["loc"][0]): e["msg"] for e in error.errors(include_input=False, include_url=False)}
        valid = {name: value for name, value in given.items() if name not in problems}
        settings = cls._without_invalid(valid, problems)
        settings._ignored, settings._is_deployed = ignored, _is_deployed(environ)
        return settings

    @classmethod
    def _without_invalid(cls, valid: dict[str, str], problems: dict[str, str]) -> Settings:
        """Build the settings from the valid values. Remove the other fields, so that reading them raises."""
        settings = cls.model_validate(valid)
        missing = {name.upper(): "is not set" for name, value in settings if value is UNSET}
        settings._problems = missing | problems
        for name in settings._problems:
            settings.__dict__.pop(name.lower(), None)
        return settings

    if not TYPE_CHECKING:  # otherwise the type checker would accept a misspelt setting

        def __getattr__(self, name: str) -> Any:
            """Raise ConfigurationError for a setting that is missing or invalid."""
            private = object.__getattribute__(self, "__pydantic_private__") or {}
            if name.upper() in private.get("_problems", {}):
                raise ConfigurationError(name.upper(), private["_problems"][name.upper()])
            return super().__getattr__(name)

    @property
    def problems(self) -> dict[str, str]:
        """The errors by setting; empty if all are valid. An unknown name in FEATURES is an error, but others work."""
        unknown = {"FEATURES": f"must be a comma-separated list of {', '.join(FEATURE_NAMES)}"}
        return dict(self._problems) | self.replaced | (unknown if self.switched_on - set(FEATURE_NAMES) else {})

    @property
    def replaced(self) -> dict[str, str]:
        """The errors of settings that together exceed a limit of Graph; the relay works with smaller values."""
        if self._problems.keys() & {"WINDOW_PAST_DAYS", "WINDOW_FUTURE_DAYS"}:
            return {}
        days = self.window_past_days + self.window_future_days
        if days <= LONGEST_VIEW_DAYS:
            return {}
        text = "{} days with WINDOW_FUTURE_DAYS; Graph allows {} in a calendar view: {} past and {} future are used"
        return {"WINDOW_PAST_DAYS": text.format(days, LONGEST_VIEW_DAYS, *self.window_days)}

    @property
    def window_days(self) -> tuple[int, int]:
        """The days of the window before and after now: as set, or fewer, first of the past, if Graph allows fewer."""
        future = min(self.window_future_days, LONGEST_VIEW_DAYS)
        return min(self.window_past_days, LONGEST_VIEW_DAYS - future), future

    @property
    def switched_on(self) -> frozenset[str]:
        """The names in FEATURES, as functions/features.py reads them; empty if FEATURES is invalid."""
        return names_in(str(self.__dict__.get("features", "")))

    @property
    def in_development(self) -> bool:
        """Whether the Functions host runs in local development."""
        return self.azure_functions_environment == "Development"

    @property
    def is_deployed(self) -> bool:
        """Whether the app runs in Azure, which sets WEBSITE_HOSTNAME. Core Tools sets it to a port of localhost."""
        return self._is_deployed

    @property
    def ignored(self) -> dict[str, str]:
        """The settings that are set and have no effect, each with what to do."""
        return dict(self._ignored)

    @property
    def address_rule(self) -> AddressRule:
        """Which addresses of the partner may be called."""
        return AddressRule(self.allow_private_addresses, self.allow_loopback_addresses)

    @property
    def followed_businesses(self) -> tuple[str, ...]:
        """The businesses of BOOKINGS_DELIVERIES, in lower case; none without the feature. Raises ConfigurationError."""
        named = tuple(each for each in self.bookings_deliveries.split(",") if each)
        return named if "bookings" in self.switched_on else ()

    @property
    def details(self) -> frozenset[str]:
        """The details of an event that responses may contain in addition to the public fields, from EVENT_DETAIL."""
        return frozenset(self.event_detail.split(",")) - {"minimal"}


def _ignored_in(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that have no effect here although they are set, each with what to do."""
    candidates = _RETIRED | (_LOCAL if _is_deployed(environ) else {})
    return {name: text for name, text in candidates.items() if environ.get(name, "").strip().lower() not in _FALSE}


def _is_deployed(environ: Mapping[str, str]) -> bool:
    """Return whether the environment is Azure's ("Environment variables and app settings in Azure App Service")."""
    return environ.get("WEBSITE_HOSTNAME", "").partition(":")[0].lower() not in ("", "localhost", "127.0.0.1")


def _split(value: str) -> SplitResult:
    """Return the parts of a URL. Replace the library's errors, because they quote the value, which may be a secret."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # validates the port
    except ValueError:
        raise ValueError("must be a URL") from None
    return parts


def _address(value: str, schemes: tuple[str, ...]) -> str:
    """Return a valid URL. Raises ValueError that says what is wrong, without the value."""
    parts = _split(value)
    if parts.scheme not in schemes or not parts.hostname or not re.fullmatch(r"[^\s]+", value):
        raise ValueError(f"must be a URL that begins with {' or '.join(schemes)}://")
    if not is_plain(parts.hostname):
        raise ValueError("must have a host in canonical notation: ASCII, without a trailing dot")
    if parts.port == 0:
        raise ValueError("must not use port 0")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("must contain neither credentials nor a fragment")
    return value
