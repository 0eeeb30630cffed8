"""Start the whole sandbox in order: Azurite, tenant, partner, and a Functions host that runs the app.

Everything of one run is in one folder: certificates, generated secrets, logs, the storage's data, and a
local.settings.json with which `func start` runs the app against the same tenant.
"""

import json
import secrets
import uuid
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.azurite import start_azurite
from sandbox.certificates import make_certificates
from sandbox.clients import DataverseClient, PartnerClient, RelayClient, TenantClient
from sandbox.process import ROOT, Process

ROOMS = ("room1@contoso.com", "room2@contoso.com", "room3@contoso.com")
PEOPLE = ("ola@contoso.com", "kari@contoso.com")


class Stack:
    """A running sandbox; as a context manager it stops on exit.

    `settings` are merged into the default app settings, `seed` into the tenant's seed (a dict is merged, other values
    replace). Without `host` the Functions host is not started. `dataverse` is the seed of an environment of Dynamics
    365 ({}: its defaults), which is then `self.dataverse`; None: there is none.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, seed: Mapping[str, Any] | None = None,
        *, app: Path = ROOT, host: bool = True, dataverse: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.certificates = make_certificates(folder)
        self.seed = _seed(seed or {}) | ({} if dataverse is None else {"dataverse": dict(dataverse)})
        self._running: list[Any] = []
        try:
            self._start_services()
            self.settings = self._settings() | dict(settings or {})
            self.environment = self._environment()
            self.env = self.settings | self.environment
            (folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": self.settings}))
            if host:
                self.start_host(app)
        except BaseException:
            self.stop()
            raise

    def _start_services(self) -> None:
        self.azurite = self._keep(start_azurite(self.folder / "storage"))
        seed = self.folder / "seed.json"
        seed.write_text(json.dumps(self.seed))
        arguments = ["--folder", str(self.folder), "--seed", str(seed)]
        self.tenant_process = self._keep(Process("sandbox.tenant", arguments, self.folder / "tenant.log"))
        secret = self.seed["secrets"]["partner-signing-secret"][-1]
        arguments = ["--folder", str(self.folder), "--secret", secret]
        self.partner_process = self._keep(Process("sandbox.partner", arguments, self.folder / "partner.log"))
        ca = str(self.certificates.ca_pem)
        self.tenant = TenantClient(self.tenant_process.ready["url"], ca)
        if "dataverse" in self.seed:
            self.dataverse = DataverseClient(self.tenant_process.ready["dataverseUrl"], ca)
        self.partner = PartnerClient(self.partner_process.ready["url"], self.partner_process.ready["control"])

    def start_host(self, app: Path = ROOT, *, port: int = 0, lease: float | None = None) -> Process:
        """Start the Functions host on the app in the folder `app`.

        `port`: 0 picks a free one. `lease`: seconds that the message of a killed host stays hidden; None: ten minutes.
        """
        self.keys = {"function": secrets.token_hex(16), "master": secrets.token_hex(16)}
        arguments = ["--app", str(app), "--tls", str(self.folder / "server.pem")]
        arguments += ["--function-key", self.keys["function"], "--master-key", self.keys["master"]]
        arguments += ["--port", str(port)] + ([] if lease is None else ["--lease", str(lease)])
        self.host = Process("sandbox.host", arguments, self.folder / "host.log", self.env)
        self._keep(self.host)
        self.relay = RelayClient(self.host.ready["url"], self.keys, str(self.certificates.ca_pem))
        return self.host

    def _settings(self) -> dict[str, str]:
        """Return the app settings that a customer would set, with the sandbox's addresses."""
        url = self.tenant_process.ready["url"]
        example: dict[str, str] = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
        return example | {
            "AzureWebJobsStorage": self.azurite.connection_string,
            "TENANT_ID": self.seed["tenantId"],
            "CLIENT_ID": self.seed["clients"][0]["clientId"],
            "KEY_VAULT_URI": url,
            "KEY_VAULT_VERIFY_CHALLENGE": "false",
            "GRAPH_BASE_URL": f"{url}/v1.0",
            "AZURE_AUTHORITY_HOST": url,
            "PARTNER_WEBHOOK_URL": self.partner_process.ready["url"],
            "ALLOW_LOOPBACK_ADDRESSES": "true",
            "PUBLIC_BASE_URL": "",
            "ALLOWED_MAILBOXES": "@contoso.com",
            "SETTLE_SECONDS": "2",
            "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "4194304",  # as infra/modules/function-app.bicep sets it
            "CALLS_PER_MINUTE": "100000",  # tests and the demo poll many times a second
            **({"DATAVERSE_URL": self.dataverse.url} if "dataverse" in self.seed else {}),
        }

    def _environment(self) -> dict[str, str]:
        """Return what Azure provides besides app settings: the managed identity, and here the local CA."""
        return {
            "IDENTITY_ENDPOINT": self.tenant_process.ready["identityUrl"],
            "IDENTITY_HEADER": self.seed["identityHeader"],
            "REQUESTS_CA_BUNDLE": str(self.certificates.bundle),
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        }

    def _keep(self, part: Any) -> Any:
        self._running.append(part)
        return part

    def stop(self) -> None:
        """Stop what runs, in reverse order of start."""
        while self._running:
            self._running.pop().stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _seed(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return a seed with rooms and people, the apps of relay and partner, and a managed identity for the vault."""
    client_secret = secrets.token_urlsafe(24)
    relay = {"clientId": str(uuid.uuid4()), "displayName": "Calendar Relay", "secrets": [client_secret]}
    partner = {"clientId": str(uuid.uuid4()), "displayName": "Partner", "secrets": [secrets.token_urlsafe(24)]}
    seed: dict[str, Any] = {
        "tenantId": str(uuid.uuid4()),
        "identityHeader": secrets.token_hex(16),
        "clients": [
            # As in docs/permissions.md: Entra grants no Graph permission, so the relay's tokens contain none.
            {
                **relay,
                "exchangeRoles": {"Application Calendars.Read": None},
                "appRoles": ["Relay.Read", "Relay.Setup", "Relay.Admin"],
            },
            {**partner, "assigned": {str(relay["clientId"]): ["Relay.Setup"]}},
        ],
        "managedIdentities": [{"clientId": None, "roles": [], "vault": True}],
        "mailboxes": [
            *({"address": address, "displayName": address.partition("@")[0], "kind": "room"} for address in ROOMS),
            *({"address": address, "displayName": address.partition("@")[0], "kind": "user"} for address in PEOPLE),
        ],
        "secrets": {
            "graph-client-secret": [client_secret],
            "client-state-key": [secrets.token_urlsafe(32)],
            "partner-signing-secret": ["whsec_" + b64encode(secrets.token_bytes(32)).decode()],
            "identifier-key": [secrets.token_urlsafe(32)],
        },
    }
    for name, value in overrides.items():
        seed[name] = {**seed[name], **value} if isinstance(seed.get(name), dict) else value
    return seed
