"""The settings of a simulated environment: set by the seed, changed by control, read at each use."""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.tenant.seed import Strict

Number = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Settings(Strict):
    """What differs from environment to environment; the defaults are Microsoft's, where it names a number."""

    seed: int = 0
    """Of all random choices, so that runs can be repeated."""
    hook_spread_seconds: Number = 0.2
    """Tenant's seconds over which webhooks are spread, so that they arrive in another order."""
    hook_twice: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of the webhooks that are sent twice."""
    hook_retry_seconds: Number = 1.0
    """Tenant's seconds before the one more attempt."""
    hook_seconds: Number = 60.0
    """Real seconds for the answer to a webhook."""
    field_service_seconds: tuple[Number, Number] = (1.0, 60.0)
    """Tenant's seconds after a save at which Field Service writes, as another user."""
    page_size: Annotated[int, Field(ge=1, le=5000)] = 5000
    latency_seconds: Number = 0.0
    """Real seconds that a call takes at least."""
    plugin_seconds: Number = 0.0
    """Seconds of execution time that the customer's plug-ins add to each write; they count for the caller."""
    expired_status: Literal[400, 404, 410, 500] = 400
    """The status of a token that has expired, which no page names."""
    requests: int = 6_000
    execution_seconds: Number = 1_200.0
    concurrency: int = 52
