"""Entra's error responses: an OAuth 2.0 error with an AADSTS number in its description.

Entra: Microsoft Entra authentication and authorization error codes.
"""

import uuid
from datetime import datetime

from aiohttp import web


class EntraError(Exception):
    """An error of the login: OAuth error name, AADSTS number, text; the status is 401 for invalid_client, else 400."""

    def __init__(self, error: str, number: int, text: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.error = error
        self.number = number
        self.status = 401 if error == "invalid_client" else 400

    def answer(self, now: datetime, correlation_id: str | None) -> web.Response:
        """Return the response; the correlation id is the caller's client-request-id, or a new one."""
        trace, correlation = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
        stamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
        description = f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        body = {
            "error": self.error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        return web.json_response(body, status=self.status, headers={"Cache-Control": "no-store, no-cache"})


def missing(parameter: str) -> EntraError:
    """Return the error for a token request without a required parameter."""
    text = f"The request body must contain the following parameter: '{parameter}'."
    return EntraError("invalid_request", 900144, text)


def tenant_not_found(name: str, error: str) -> EntraError:
    """Return the error for an unknown tenant; `error` is invalid_tenant at discovery, otherwise invalid_request."""
    text = (
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing "
        "into the correct cloud."
    )
    return EntraError(error, 90002, text)
