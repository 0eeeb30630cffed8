"""Models of request bodies that have none in shared/."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from tools.openapi.fields import Strict


class Resync(Strict):
    """What to resync; without a body {"full": false}."""

    full: bool = Field(default=False, description="Send every event again, for a partner that lost its data.")


class NotificationCollection(BaseModel):
    """The body of Graph's POST ("changeNotificationCollection"). Items with an invalid clientState are dropped."""

    value: list[Any]
