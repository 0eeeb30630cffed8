"""The managed identity endpoint of App Service and Functions, on a separate http site.

App Service: How to use managed identities for App Service and Azure Functions, REST endpoint reference.
"""

import hmac
import uuid

from aiohttp import web

from sandbox.tenant.faults import fault_middleware
from sandbox.tenant.state import Client, Tenant

PATH = "/msi/token"
API_VERSION = "2019-08-01"
NOT_FOUND = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."


def build(tenant: Tenant) -> web.Application:
    """Return the identity site's application, with the planted faults."""
    app = web.Application(middlewares=[fault_middleware(tenant.faults)])
    endpoint = _Endpoint(tenant)
    app.add_routes([web.get(PATH, endpoint.token)])
    return app


class _Endpoint:
    """The endpoint in IDENTITY_ENDPOINT."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def token(self, request: web.Request) -> web.Response:
        """Return a token for the resource in the query, or {"statusCode", "message"} as App Service does."""
        header = request.headers.get("X-IDENTITY-HEADER", "")
        if not hmac.compare_digest(header.encode(), self._tenant.identity_header.encode()):
            return _refusal(401, "The X-IDENTITY-HEADER header is missing or wrong.")
        if request.query.get("api-version") != API_VERSION:
            return _refusal(400, f"The api-version must be {API_VERSION}.")
        resource = request.query.get("resource")
        if not resource:
            return _refusal(400, "The parameter resource is missing.")
        client = self._identity(request.query.get("client_id"))
        if client is None:
            return _refusal(400, NOT_FOUND)
        if self._tenant.tokens.resource(resource) is None:
            # App Service returns a vague 500 instead of AADSTS500011, as MSAL's source notes.
            return _refusal(500, "An unexpected error occurred while fetching the AAD Token.")
        return self._granted(client, resource)

    def _granted(self, client: Client, resource: str) -> web.Response:
        """Return a token response; expires_on is in seconds since 1970, as text."""
        token, lifetime = self._tenant.tokens.issue(client, resource)
        expires_on = int(self._tenant.clock.now().timestamp()) + lifetime
        return web.json_response(
            {
                "access_token": token,
                "client_id": client.client_id,
                "expires_on": str(expires_on),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    def _identity(self, client_id: str | None) -> Client | None:
        """Return the user-assigned identity with that client id, or the system-assigned one without an id."""
        if client_id:
            client = self._tenant.clients.get(client_id.lower())
            return client if client and client.managed_identity else None
        return next((each for each in self._tenant.clients.values() if each.managed_identity == "system"), None)


def _refusal(status: int, message: str) -> web.Response:
    """Return an error in App Service's format."""
    return web.json_response(
        {"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())}, status=status
    )
