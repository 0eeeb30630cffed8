"""The App, which builds all parts lazily: importing or creating it reads no setting and opens no connection.

The functions use `relay()`. Tests create their own App and pass replacements of parts by keyword.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from shared import telemetry
from shared.bootstrap.doctor import DoctorParts

if TYPE_CHECKING:
    from shared.auth.authenticator import Authenticator
    from shared.auth.jwks import JwksCache
    from shared.health.request_metrics import RequestMetrics


class App(DoctorParts):
    """All parts and services, each built at its first use.

    `parts` replace the parts of the same names; TypeError for an unknown name. A setting is read only when a part needs
    it, and ConfigurationError is raised then.
    """

    def __init__(self, environ: Mapping[str, str], **parts: Any) -> None:
        self._environ = environ
        for name in parts:
            if name.startswith("_") or not hasattr(type(self), name):
                raise TypeError(f"the relay has no part {name}")
        self.__dict__.update(parts)  # a cached_property returns a value stored there
        self.started = self.now()

    @cached_property
    def authenticator(self) -> Authenticator:
        """Authenticates callers."""
        from shared.auth.authenticator import Authenticator
        from shared.auth.rate_limit import CallRateLimiter

        def unread_key(key_id: str) -> tuple[float, float]:
            return self.jwks.unread(key_id)

        refused = self.request_metrics.refused
        return Authenticator(self.settings, lambda: self.jwks, CallRateLimiter(), refused, unread_key)

    @cached_property
    def request_metrics(self) -> RequestMetrics:
        """Counts what anybody can cause; in local development each request is written at once."""
        from shared.health.request_metrics import EVERY, RequestMetrics

        is_local = self._environ.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development"
        return RequestMetrics(every=0.0 if is_local else EVERY)

    @cached_property
    def jwks(self) -> JwksCache:
        """Entra's keys, which sign the tokens of callers."""
        from shared.auth.jwks import JwksCache, fetch_keys
        from shared.http.session import session_for

        url = f"{self.settings.azure_authority_host}/{self.settings.tenant_id}/discovery/v2.0/keys"
        return JwksCache(lambda: fetch_keys(session_for(url), url), self.settings.tenant_id)


@cache
def relay() -> App:
    """Return the process-wide App, configured from the environment."""
    telemetry.quiet_libraries()
    telemetry.add_version()
    app = App(os.environ)
    telemetry.log_start(app.package)  # here and not at import: the host drops a line that belongs to no invocation
    return app
