"""What callers send beside the setup call's body, which shared/watches/requests.py reads."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from tools.openapi.fields import Strict


class Resync(Strict):
    """How much is sent; an empty body means {"full": false}."""

    full: bool = Field(default=False, description="Send everything again, for a partner that lost its data.")


class NotificationCollection(BaseModel):
    """What Microsoft Graph posts; each item is taken by its clientState or dropped ("changeNotificationCollection")."""

    value: list[Any]
