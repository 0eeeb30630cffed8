"""The one place that builds the real parts. Nothing is built, read or opened before it is first asked for.

`relay()` is what the functions use. Tests build an App of their own and pass other parts by keyword.
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


class App(DoctorParts):
    """All parts and services, each built at its first use.

    `parts` take the places of those of their names; TypeError for a name that is none. Building reads no setting: what
    needs one reads it when it works, and raises ConfigurationError then.
    """

    def __init__(self, environ: Mapping[str, str], **parts: Any) -> None:
        self._environ = environ
        for name in parts:
            if name.startswith("_") or not hasattr(type(self), name):
                raise TypeError(f"{name} is no part of the relay")
        self.__dict__.update(parts)  # a cached property is looked for there first

    @cached_property
    def authenticator(self) -> Authenticator:
        """Lets callers in."""
        from shared.auth.authenticator import Authenticator
        from shared.auth.rate_limit import CallRateLimiter

        return Authenticator(self.settings, lambda: self.jwks, CallRateLimiter())

    @cached_property
    def jwks(self) -> JwksCache:
        """Login's keys, which sign the tokens of callers."""
        from shared.auth.jwks import JwksCache, fetch_keys
        from shared.http.session import session_for

        url = f"{self.settings.azure_authority_host}/{self.settings.tenant_id}/discovery/v2.0/keys"
        return JwksCache(lambda: fetch_keys(session_for(url), url), self.settings.tenant_id)


@cache
def relay() -> App:
    """Return the process's one relay, on the process's environment."""
    telemetry.quiet_libraries()
    return App(os.environ)
