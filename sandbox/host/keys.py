"""Access keys: "Work with access keys in Azure Functions"."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from yarl import URL


@dataclass(frozen=True)
class Keys:
    """The host's function key and master key. Without either nothing is checked, as with Core Tools."""

    function_key: str | None = None
    master_key: str | None = None

    def allow(self, level: str, headers: Mapping[str, str], url: URL) -> bool:
        """Return whether a request may run at an authLevel: ANONYMOUS, FUNCTION or ADMIN.

        The header takes precedence over `?code=`, even when it is wrong; the master key is always accepted.
        """
        if level == "ANONYMOUS" or (self.function_key is None and self.master_key is None):
            return True
        given = headers.get("x-functions-key")
        if given is None:
            given = url.query.get("code", "")
        accepted = (self.master_key, self.function_key if level == "FUNCTION" else None)
        sent = given.encode("utf-8", "surrogateescape")  # header bytes may not be valid UTF-8
        return any(key is not None and hmac.compare_digest(sent, key.encode()) for key in accepted)
